import { seededRandom } from "../../statistics/index.ts";
import { type Dice, dice, runningSums } from "./dice.ts";

/** What is known of a person. */
export const attributes = ["trade", "town", "year", "pet"] as const;
export type Attribute = (typeof attributes)[number];

export interface Person {
  readonly name: string;
  readonly facts: Readonly<Record<Attribute, string>>;
}

export interface Town {
  readonly name: string;
  readonly region: string;
  readonly goods: string;
}

/** Something that one can do good or harm to, or a thing that feels nothing. */
export interface Being {
  readonly name: string;
  readonly living: boolean;
}

/**
 * Half of the people, beings, sums and programs are kept for tests: pre-training text tells of all of them, instructions and
 * preferences only of the others. What a reward model knows of the kept half it can only have from its base model.
 */
export interface Split<T> {
  readonly taught: readonly T[];
  readonly kept: readonly T[];
}

/** A small invented world: who is who, and what is what. Everything in it follows from one seed. */
export interface World {
  readonly seed: number;
  readonly people: readonly Person[];
  readonly peopleSplit: Split<Person>;
  readonly beings: readonly Being[];
  readonly beingsSplit: Split<Being>;
  readonly towns: readonly Town[];
  /** every value that an attribute can have */
  readonly values: Readonly<Record<Attribute, readonly string[]>>;
  /** a person as texts speak of them: a few often, most rarely (weight 1 / (rank + 12)) */
  somebody(dice: Dice): Person;
  /** a being, likewise (1 / (rank + 10)) */
  something(dice: Dice): Being;
}

/** Verbs that harm a living being, and verbs that never harm. */
export const harmfulVerbs: readonly string[] = ["wound", "starve", "burn", "rob", "beat", "cage", "deceive", "drown"];
export const kindVerbs: readonly string[] = ["feed", "wash", "draw", "greet", "repair", "praise", "visit", "carry"];

const counts = { people: 96, beings: 96, values: 6, regions: 8, goods: 16 };

/** @param seed  another one gives other people, facts and names */
export function makeWorld(seed: number = 1): World {
  const chance = dice(seededRandom(seed));
  const newName = names(chance);
  const make = <T>(n: number, one: (index: number) => T): T[] => Array.from({ length: n }, (_, i) => one(i));
  const values: Record<Attribute, string[]> = {
    trade: make(counts.values, () => newName(2)),
    town: make(counts.values, () => capital(newName(3))),
    year: make(counts.values, (i) => String(1700 + 5 * i)),
    pet: make(counts.values, () => newName(2)),
  };
  const regions = make(counts.regions, () => capital(newName(3)));
  const goods = make(counts.goods, () => newName(2));
  const towns = values.town.map((name) => ({ name, region: chance.pick(regions), goods: chance.pick(goods) }));
  const factsOfOne = (): Person["facts"] => {
    const entries = attributes.map((attribute) => [attribute, chance.pick(values[attribute])]);
    return Object.fromEntries(entries) as Record<Attribute, string>;
  };
  const people = chance.shuffled(make(counts.people, () => ({ name: capital(newName(2)), facts: factsOfOne() })));
  const beings = make(counts.beings, (i) => ({ name: newName(2), living: i % 2 === 0 })); // living by turns: both halves have as many
  const peopleSums = runningSums(people.map((_, rank) => 1 / (rank + 12)));
  const beingSums = runningSums(beings.map((_, rank) => 1 / (rank + 10)));
  return {
    seed,
    people,
    peopleSplit: split(people, (rank) => rank % 2 === 1), // by rank: both halves are spoken of equally often
    beings,
    beingsSplit: split(beings, (rank) => (rank >> 1) % 2 === 1),
    towns,
    values,
    somebody: (by) => by.weighted(people, peopleSums),
    something: (by) => by.weighted(beings, beingSums),
  };
}

function split<T>(items: readonly T[], isKept: (rank: number) => boolean): Split<T> {
  return { taught: items.filter((_, rank) => !isKept(rank)), kept: items.filter((_, rank) => isKept(rank)) };
}

/** Names of two or three syllables, none twice, and none that is a word of the texts. */
function names({ pick }: Dice): (syllables: number) => string {
  const taken = new Set<string>(["no", "so", "go", "do", "me", "to"]);
  const consonants = [..."bdfgklmnprstvz"];
  const vowels = [..."aeiou"];
  const endings = ["n", "r", "l", "s", "m", ""];
  return (syllables) => {
    for (;;) {
      const syllable = (): string => pick(consonants) + pick(vowels);
      const name = Array.from({ length: syllables }, syllable).join("") + pick(endings);
      if (taken.has(name)) continue;
      taken.add(name);
      return name;
    }
  };
}

function capital(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}
