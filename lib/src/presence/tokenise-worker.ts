import { parentPort, workerData } from "node:worker_threads";
import { loadTokenizer } from "../models/index.ts";
import { type DocumentText, type EncodeDocumentOptions, encodeDocument } from "./encode-document.ts";

/** What a thread is started with. */
export interface TokeniseSettings extends EncodeDocumentOptions {
  readonly folder: string;
}

const { folder, ...options } = workerData as TokeniseSettings;
const tokenizer = loadTokenizer(folder);

parentPort!.on("message", (texts: readonly DocumentText[]) => {
  parentPort!.postMessage(texts.map((text) => encodeDocument(tokenizer, text, options)));
});
