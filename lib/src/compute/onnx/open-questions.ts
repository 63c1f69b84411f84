/*
 * ONNX Runtime 1.30 aborts the whole process ("terminate called after throwing an instance of 'Napi::Error'") when its thread is stopped
 * while a session runs, as happens to all threads when the process exits. So a process that exits waits for the answers that are due.
 */
const threads = new Set<Int32Array>();
const longestWait = 60_000;

/** A number that a thread shares with this one: how many questions it has not answered yet. */
export function openQuestions(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Let the process wait, when it exits, until the thread has answered. */
export function awaitOnExit(open: Int32Array): void {
  if (threads.size === 0) process.on("exit", awaitAll);
  threads.add(open);
}

/** The thread has ended. */
export function forgetOnExit(open: Int32Array): void {
  threads.delete(open);
  if (threads.size === 0) process.off("exit", awaitAll);
}

function awaitAll(): void {
  for (const open of threads) {
    let count = Atomics.load(open, 0);
    while (count > 0 && Atomics.wait(open, 0, count, longestWait) !== "timed-out") count = Atomics.load(open, 0);
  }
}

/** One question more, told by the side that asks. */
export function questionAsked(open: Int32Array): void {
  Atomics.add(open, 0, 1);
}

/** One question less, told by the side that answers. */
export function questionAnswered(open: Int32Array): void {
  Atomics.sub(open, 0, 1);
  Atomics.notify(open, 0);
}

/** No question will be answered any more, told by the side that ends. */
export function nothingAnswered(open: Int32Array): void {
  Atomics.store(open, 0, 0);
  Atomics.notify(open, 0);
}
