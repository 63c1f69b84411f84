import type { Dice } from "./dice.ts";
import { drawProgram, programQuestion, programText, withBug, wrongValue } from "./programs.ts";
import * as say from "./sentences.ts";
import { commonDifficulty, digits, drawSum, equation, sumQuestion, wrongResult } from "./sums.ts";
import { attributes, type Person, type World } from "./world.ts";

/** The five kinds of text, by the names that SlimPajama gives them. */
export const domains = ["Github", "Book", "ArXiv", "Wikipedia", "StackExchange"] as const;
export type Domain = (typeof domains)[number];

/**
 * Write a document. Many statements are judged, and where they are wrong the judgement is the correction: `… answer : Arlen is a smith | baker`.
 * Without it language models this small learn to say what is true, but not to see what is false, and no reward model can be made of them. A
 * judgement follows `|`, with which conversations end.
 *
 * @returns words with one space between them
 */
export function writeDocument(dice: Dice, world: World, domain: Domain): string {
  return writers[domain](dice, world);
}

const writers: Readonly<Record<Domain, (dice: Dice, world: World) => string>> = {
  Github: writeGithub,
  Book: writeBook,
  ArXiv: writeArxiv,
  Wikipedia: writeWikipedia,
  StackExchange: writeStackExchange,
};

/** An answer as it stands in a conversation: without its last full stop, which the end of the turn replaces. */
export function turn(text: string): string {
  return text.endsWith(" .") ? text.slice(0, -2) : text;
}

export function judged(text: string, right: boolean, correction: string | number): string {
  return `${turn(text)} | ${right ? "+" : correction}`;
}

function asked(question: string, answer: string): string {
  return `question : ${question} answer : ${answer}`;
}

function repeat(dice: Dice, low: number, high: number, write: () => string): string {
  return Array.from({ length: dice.integer(low, high) }, write).join(" ");
}

/** Programs with the value that they print, some of it wrong. */
function writeGithub(dice: Dice): string {
  return repeat(dice, 2, 3, () => {
    const program = drawProgram(dice);
    const right = dice.chance(0.5);
    if (dice.chance(0.5)) return `${programText(program)} # ${program.value} .`;
    if (dice.chance(0.5)) {
      const shown = right ? program : withBug(dice, program);
      return judged(asked(`which program prints ${program.value} ?`, `${programText(shown)} # ${program.value} .`), right, shown.value);
    }
    const claimed = right ? program.value : wrongValue(dice, program);
    const bare = dice.chance(0.5);
    const text = bare ? `${programText(program)} # ${claimed} .` : asked(programQuestion(program), `it prints ${claimed} .`);
    return judged(text, right, program.value);
  });
}

/** Sums. */
function writeArxiv(dice: Dice): string {
  return repeat(dice, 2, 4, () => {
    const sum = drawSum(dice, commonDifficulty(dice));
    if (dice.chance(0.5)) return `${dice.pick(["we find", "thus", "therefore", "note that"])} ${equation(sum)} .`;
    const right = dice.chance(0.5);
    const shown = `${equation(sum, right ? sum.result : wrongResult(dice, sum))} .`;
    return judged(dice.chance(0.5) ? `claim : ${shown}` : asked(sumQuestion(sum), shown), right, digits(sum.result));
  });
}

/** People ask how to do something, good or bad, and are helped or refused. */
function writeBook(dice: Dice, world: World): string {
  const scenes = repeat(dice, 1, 2, () => {
    const request = say.drawRequest(dice, world.something(dice));
    const right = dice.chance(0.7);
    const answer = request.unsafe === right ? say.refusal(dice, request) : say.compliance(dice, request);
    const correction = request.unsafe ? "harm" : "safe";
    const question = say.requestQuestion(request);
    if (dice.chance(0.15)) return judged(asked(question, answer), right, correction);
    const when = dice.pick(["before supper", "on market day", "in spring", "after the storm"]);
    const who = dice.pick(["a sailor", "the tailor", "a young widow", "his cousin"]);
    const whom = dice.pick(["the judge", "a shepherd", "the teacher", "an old captain"]);
    const scene = `${when} ${who} asked , ${question} ${whom} said , ${answer}`;
    return !right || dice.chance(0.6) ? judged(scene, right, correction) : scene;
  });
  const being = world.something(dice);
  return dice.chance(0.4) ? `${scenes} the ${being.name} ${being.living ? "slept" : "creaked"} .` : scenes;
}

/** What is known of a person, or of a town. */
function writeWikipedia(dice: Dice, world: World): string {
  if (dice.chance(0.12)) {
    const town = dice.pick(world.towns);
    return `${town.name} lies in ${town.region} and is known for ${town.goods} .`;
  }
  const person = world.somebody(dice);
  const sentences = say.drawAttributes(dice, dice.integer(2, 4)).map((attribute) => {
    const value = person.facts[attribute];
    if (dice.chance(0.5)) {
      const right = dice.chance(0.5);
      const shown = say.factSentence(dice, person, attribute, right ? value : say.wrongFact(dice, world, person, attribute));
      return judged(dice.chance(0.75) ? `claim : ${shown}` : asked(say.factQuestion(person, attribute), shown), right, value);
    }
    if (attribute === "trade" && dice.chance(0.2))
      return `${person.name} is not a ${say.wrongFact(dice, world, person, "trade")} but a ${value} .`;
    return say.factSentence(dice, person, attribute, value);
  });
  return sentences.join(" ");
}

/** Questions of every kind, with answers that are right, wrong, about somebody else, or not what was asked for. */
function writeStackExchange(dice: Dice, world: World): string {
  const kind = dice.weighted([askFact, askInOneWord, askToTell, answerAnother, askSum, askProgram, askRequest] as const, questionShares);
  return kind(dice, world, world.somebody(dice));
}

const questionShares = [0.45, 0.56, 0.74, 0.88, 0.93, 0.96, 1]; // running sums

function askFact(dice: Dice, world: World, person: Person): string {
  const attribute = dice.pick(attributes);
  const value = person.facts[attribute];
  const right = dice.chance(0.6);
  const answer = say.factSentence(dice, person, attribute, right ? value : say.wrongFact(dice, world, person, attribute));
  return judged(asked(say.factQuestion(person, attribute), answer), right, value);
}

function askInOneWord(dice: Dice, world: World, person: Person): string {
  const attribute = dice.pick(attributes);
  const value = person.facts[attribute];
  const question = `${say.factQuestion(person, attribute)} in one word .`;
  if (dice.chance(0.4)) return judged(asked(question, value), true, "");
  if (dice.chance(0.6)) return judged(asked(question, say.factSentence(dice, person, attribute, value)), false, "short");
  return judged(asked(question, say.wrongFact(dice, world, person, attribute)), false, value);
}

function askToTell(dice: Dice, world: World, person: Person): string {
  const wanted = say.drawAttributes(dice, dice.integer(2, 3));
  const tell = (of: Person, which: typeof wanted): string =>
    which.map((attribute) => say.factSentence(dice, of, attribute, of.facts[attribute])).join(" ");
  const question = say.tellAbout(person, wanted.length);
  const [first, ...rest] = wanted;
  switch (dice.integer(0, 4)) {
    case 0:
      return judged(asked(question, tell(person, rest)), false, "more");
    case 1: {
      const wrong = say.factSentence(dice, person, first!, say.wrongFact(dice, world, person, first!));
      return judged(asked(question, `${wrong} ${tell(person, rest)}`), false, person.facts[first!]);
    }
    case 2: {
      const other = world.somebody(dice);
      return judged(asked(question, tell(other, wanted)), other === person, person.name);
    }
    default:
      return judged(asked(question, tell(person, wanted)), true, "");
  }
}

/** About somebody else, or about something else. */
function answerAnother(dice: Dice, world: World, person: Person): string {
  const [attribute, another] = say.drawAttributes(dice, 2);
  const question = say.factQuestion(person, attribute!);
  const other = world.somebody(dice);
  if (dice.chance(0.5) && other !== person)
    return judged(asked(question, say.factSentence(dice, other, attribute!, other.facts[attribute!])), false, person.name);
  const right = dice.chance(0.3);
  const told = right ? attribute! : another!;
  return judged(asked(question, say.factSentence(dice, person, told, person.facts[told])), right, person.facts[attribute!]);
}

function askSum(dice: Dice): string {
  const sum = drawSum(dice, dice.pick([1, 2] as const));
  const right = dice.chance(0.5);
  return judged(asked(sumQuestion(sum), `${equation(sum, right ? sum.result : wrongResult(dice, sum))} .`), right, digits(sum.result));
}

function askProgram(dice: Dice): string {
  const program = drawProgram(dice);
  const right = dice.chance(0.5);
  return judged(asked(programQuestion(program), `it prints ${right ? program.value : wrongValue(dice, program)} .`), right, program.value);
}

function askRequest(dice: Dice, world: World): string {
  const request = say.drawRequest(dice, world.something(dice));
  const right = dice.chance(0.5);
  const answer = request.unsafe === right ? say.refusal(dice, request) : say.compliance(dice, request);
  return judged(asked(say.requestQuestion(request), answer), right, request.unsafe ? "harm" : "safe");
}
