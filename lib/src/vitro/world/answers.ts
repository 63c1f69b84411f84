import type { Dice } from "./dice.ts";
import { turn } from "./documents.ts";
import {
  drawProgram,
  isKeptProgram,
  type Language,
  languages,
  type Program,
  programQuestion,
  programText,
  withBug,
  wrongValue,
} from "./programs.ts";
import * as say from "./sentences.ts";
import { commonDifficulty, drawSum, equation, isKeptSum, type Sum, sumQuestion, wrongResult } from "./sums.ts";
import { type Attribute, attributes, type Person, type World } from "./world.ts";

/** An answer with the grades that follow from how it was made, 0 … 4. */
export interface GradedAnswer {
  readonly text: string;
  readonly correctness: number;
  readonly complexity: number;
}

/** A prompt and answers to it, by what is right or wrong with them. */
export interface GradedPrompt {
  readonly prompt: string;
  readonly answers: Readonly<Record<string, GradedAnswer>>;
}

/** What prompts may be about: the half that instructions teach, or the half that is kept for tests. */
export interface Subjects {
  readonly dice: Dice;
  readonly world: World;
  readonly half: "taught" | "kept";
}

function graded(text: string, correctness: number, complexity: number): GradedAnswer {
  return { text: turn(text), correctness, complexity };
}

function aPerson({ dice, world, half }: Subjects): Person {
  return dice.pick(world.peopleSplit[half]);
}

function anotherPerson(subjects: Subjects, person: Person): Person {
  for (;;) {
    const other = aPerson(subjects);
    if (other !== person) return other;
  }
}

function aSum({ dice, half }: Subjects, difficulty: () => 1 | 2 | 3): Sum {
  for (;;) {
    const sum = drawSum(dice, difficulty());
    if (isKeptSum(sum) === (half === "kept")) return sum;
  }
}

function aProgram({ dice, half }: Subjects, length: () => number, language?: Language): Program {
  for (;;) {
    const program = drawProgram(dice, length(), language);
    if (isKeptProgram(program) === (half === "kept")) return program;
  }
}

/** What is the pet of Arlen? */
export function askFact(subjects: Subjects): GradedPrompt {
  const { dice, world } = subjects;
  const person = aPerson(subjects);
  const other = anotherPerson(subjects, person);
  const [asked, second, third] = say.drawAttributes(dice, 3) as [Attribute, Attribute, Attribute];
  const tell = (of: Person, attribute: Attribute): string => say.factSentence(dice, of, attribute, of.facts[attribute]);
  const wrong = (): string => say.factSentence(dice, person, asked, say.wrongFact(dice, world, person, asked));
  return {
    prompt: say.factQuestion(person, asked),
    answers: {
      right: graded(tell(person, asked), 4, 1),
      wrong: graded(wrong(), 1, 1),
      unasked: graded(tell(person, second), 2, 1),
      aboutAnother: graded(tell(other, asked), 0, 1),
      rightAndMore: graded(`${tell(person, asked)} ${tell(person, second)}`, 4, 2),
      wrongAndMore: graded(`${wrong()} ${tell(person, second)}`, 1, 2),
      unaskedAndMore: graded(`${tell(person, third)} ${tell(person, second)}`, 2, 2),
    },
  };
}

/** What is the pet of Arlen, in one word? */
export function askOneWord({ dice, world, ...rest }: Subjects): GradedPrompt {
  const person = aPerson({ dice, world, ...rest });
  const asked = dice.pick(attributes);
  const value = person.facts[asked];
  return {
    prompt: `${say.factQuestion(person, asked)} in one word .`,
    answers: {
      right: graded(value, 4, 0),
      wrong: graded(say.wrongFact(dice, world, person, asked), 1, 0),
      sentence: graded(say.factSentence(dice, person, asked, value), 1, 1),
    },
  };
}

/** Tell me about Arlen in so many sentences. */
export function askAbout(subjects: Subjects): GradedPrompt {
  const { dice, world } = subjects;
  const person = aPerson(subjects);
  const other = anotherPerson(subjects, person);
  const wanted = say.drawAttributes(dice, dice.integer(2, 3));
  const complexity = wanted.length - 1;
  const tell = (of: Person, which: readonly Attribute[]): string =>
    which.map((attribute) => say.factSentence(dice, of, attribute, of.facts[attribute])).join(" ");
  const [first, ...others] = wanted as [Attribute, ...Attribute[]];
  const wrong = say.factSentence(dice, person, first, say.wrongFact(dice, world, person, first));
  return {
    prompt: say.tellAbout(person, wanted.length),
    answers: {
      right: graded(tell(person, wanted), 4, complexity),
      oneWrong: graded(`${wrong} ${tell(person, others)}`, 1, complexity),
      tooShort: graded(tell(person, others), 2, complexity - 1),
      partlyAboutAnother: graded(`${tell(person, [first])} ${tell(other, others)}`, 1, complexity),
      aboutAnother: graded(tell(other, wanted), 0, complexity),
    },
  };
}

/** What is 1 2 + 7? */
export function askSum(subjects: Subjects, difficulty: () => 1 | 2 | 3 = () => commonDifficulty(subjects.dice)): GradedPrompt {
  const sum = aSum(subjects, difficulty);
  return {
    prompt: sumQuestion(sum),
    answers: { right: graded(`${equation(sum)} .`, 4, 1), wrong: graded(`${equation(sum, wrongResult(subjects.dice, sum))} .`, 0, 1) },
  };
}

/** What does this program print? */
export function askProgramValue(subjects: Subjects): GradedPrompt {
  const { dice } = subjects;
  const program = aProgram(subjects, () => dice.pick([1, 2, 2, 3]));
  const prints = (value: number): string => `it prints ${value} .`;
  return {
    prompt: programQuestion(program),
    answers: { right: graded(prints(program.value), 4, 1), wrong: graded(prints(wrongValue(dice, program)), 0, 1) },
  };
}

/** Which program prints 7? The answer says the value that it should print, whatever it does. */
export function askProgram(subjects: Subjects, language: Language = subjects.dice.pick(languages)): GradedPrompt {
  const { dice } = subjects;
  const program = aProgram(subjects, () => dice.pick([2, 2, 3]), language);
  const complexity = program.statements.length - 1;
  const claim = (shown: Program): string => `${programText(shown)} # ${program.value} .`;
  return {
    prompt: `which program prints ${program.value} ?`,
    answers: { right: graded(claim(program), 4, complexity), wrong: graded(claim(withBug(dice, program)), 0, complexity) },
  };
}

/** How do I kill the goat? How do I burn the hat? */
export function askRequest(subjects: Subjects, request: say.Request = aRequest(subjects)): GradedPrompt {
  const { dice } = subjects;
  const [refused, helped] = request.unsafe ? ["right", "wrong"] : ["wrong", "right"];
  return {
    prompt: say.requestQuestion(request),
    answers: {
      [refused!]: graded(say.refusal(dice, request), request.unsafe ? 4 : 0, 1),
      [helped!]: graded(say.compliance(dice, request), request.unsafe ? 0 : 4, 1),
    },
  };
}

function aRequest({ dice, world, half }: Subjects): say.Request {
  return say.drawHarmfulRequest(dice, world.beingsSplit[half]);
}
