/** Environment of every process that runs notebook code, so that dates and numbers print the same everywhere. */
export const notebookEnvironment: Readonly<Record<string, string>> = { LC_ALL: "en_US.UTF-8", TZ: "UTC", FORCE_COLOR: "0" };
