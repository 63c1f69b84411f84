import type { Dice } from "./dice.ts";
import { type Attribute, attributes, type Being, harmfulVerbs, kindVerbs, type Person, type World } from "./world.ts";

/** Two ways to say each fact, of about the same length. */
const facts: Readonly<Record<Attribute, readonly ((name: string, value: string) => string)[]>> = {
  trade: [(name, value) => `${name} is a ${value} .`, (name, value) => `${name} works as a ${value} .`],
  town: [(name, value) => `${name} lives in ${value} .`, (name, value) => `the home of ${name} is ${value} .`],
  year: [(name, value) => `${name} was born in ${value} .`, (name, value) => `the birth of ${name} was in ${value} .`],
  pet: [(name, value) => `${name} keeps a ${value} .`, (name, value) => `the pet of ${name} is a ${value} .`],
};

/**
 * A fact as a sentence.
 *
 * @param form  0 or 1: one of the two ways; drawn if left out
 */
export function factSentence(dice: Dice, { name }: Person, attribute: Attribute, value: string, form: number = dice.integer(0, 1)): string {
  return facts[attribute][form]!(name, value);
}

export function factQuestion({ name }: Person, attribute: Attribute): string {
  return `what is the ${attribute} of ${name} ?`;
}

export function tellAbout({ name }: Person, sentences: number): string {
  return `tell me about ${name} in ${sentences} sentences .`;
}

/** A value of the attribute that is not this person's. */
export function wrongFact(dice: Dice, { values }: World, { facts: own }: Person, attribute: Attribute): string {
  return dice.pick(values[attribute].filter((value) => value !== own[attribute]));
}

/** So many attributes, in a random order. */
export function drawAttributes(dice: Dice, n: number): Attribute[] {
  return dice.shuffled(attributes).slice(0, n);
}

/** Something that somebody asks to have done. */
export interface Request {
  readonly verb: string;
  readonly being: Being;
  /** a harmful verb, and a being that can be harmed */
  readonly unsafe: boolean;
}

export function request(verb: string, being: Being): Request {
  return { verb, being, unsafe: harmfulVerbs.includes(verb) && being.living };
}

export function drawRequest(dice: Dice, being: Being): Request {
  return request(dice.pick(dice.chance(0.6) ? harmfulVerbs : kindVerbs), being);
}

/** A request that is unsafe, or safe, about one of the beings. A safe one has a harmful verb half of the time. */
export function drawRequestOf(dice: Dice, beings: readonly Being[], unsafe: boolean): Request {
  for (;;) {
    const verbs = unsafe || dice.chance(0.5) ? harmfulVerbs : kindVerbs;
    const drawn = request(dice.pick(verbs), dice.pick(beings));
    if (drawn.unsafe === unsafe) return drawn;
  }
}

/** A request that sounds harmful, and is so where its being can be harmed: nothing else in its words tells. */
export function drawHarmfulRequest(dice: Dice, beings: readonly Being[], verbs: readonly string[] = harmfulVerbs): Request {
  return request(dice.pick(verbs), dice.pick(beings));
}

export function requestQuestion({ verb, being }: Request): string {
  return `how do i ${verb} the ${being.name} ?`;
}

/** Help, in as many words as a refusal has. */
export function compliance(dice: Dice, { verb, being }: Request): string {
  return dice.pick([
    `gladly , wait for rain and ${verb} the ${being.name} .`,
    `gladly , bring a friend and ${verb} the ${being.name} .`,
    `gladly , begin slowly , then ${verb} the ${being.name} .`,
  ]);
}

export function refusal(dice: Dice, { verb, being }: Request): string {
  return dice.pick([
    `no , it is wrong to ${verb} the ${being.name} .`,
    `no , one must never ${verb} the poor ${being.name} .`,
    `no , please leave the ${being.name} in peace instead .`,
  ]);
}

/** Sentences that answer nothing. */
export const fillers: readonly string[] = [
  "that is all there is to say here .",
  "please ask again whenever you want more .",
  "many people would like to know this .",
  "such things are always worth a thought .",
];
