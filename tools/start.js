// npm start: builds lib, then runs the notebooks as `basewise run` does; how long the build took is told with the rest at the end.
const began = performance.now();
await import("./build.js");
process.env["BASEWISE_BUILD_SECONDS"] = String((performance.now() - began) / 1000);
process.argv.splice(2, 0, "run");
await import("../lib/bin/basewise.js");
