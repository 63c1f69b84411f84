// Pre-trains or studies in a process of its own, so that it can be killed: node vitro-child.js pre-train|study '[the function's arguments]'
import { writeSync } from "node:fs";
import { preTrain, runStudy } from "basewise/vitro";

const tell = (line) => writeSync(1, `${line}\n`);
const [what, words] = process.argv.slice(2);
const arguments_ = JSON.parse(words);
const engine = { backend: "onnx", threads: 1 };
if (what === "pre-train") await preTrain(...arguments_, { ...engine, onStep: ({ step }) => tell(step) });
else await runStudy(...arguments_, { ...engine, onStart: tell, onPart: tell });
tell("finished");
