import { join } from "node:path";
import { projectRoot } from "../files/index.ts";

/** `data/published`: numbers as printed, read-only. */
export const publishedFolder: string = join(projectRoot, "data", "published");
