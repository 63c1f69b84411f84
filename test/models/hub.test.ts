import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, afterEach, beforeEach, describe, it } from "node:test";
import { type HubOptions, openCheckpoint, resolveDataset, resolveModel, resolveTokenizer } from "basewise/models";
import { gitHash, type HubStub, sha256, startHub } from "./hub-stub.ts";

const room = mkdtempSync(join(tmpdir(), "basewise-hub-"));
after(() => rmSync(room, { recursive: true }));
let count = 0;
let hub: HubStub;
let options: HubOptions & { cacheDir: string };

const fixture = "test/fixtures/checkpoints/llama";
const weights = readFileSync(join(fixture, "model.safetensors"));
const llama = (): Record<string, Buffer> => ({
  ".gitattributes": Buffer.from("*"),
  "README.md": Buffer.from("# tiny"),
  "pytorch_model.bin": Buffer.from("pickle"),
  "model.safetensors": weights,
  "config.json": readFileSync(join(fixture, "config.json")),
  "tokenizer.json": readFileSync(join(fixture, "tokenizer.json")),
});
const lines = (): string[] => hub.requests.map(({ line }) => line);
const storageRanges = (): (string | undefined)[] => hub.requests.filter(({ storage }) => storage).map(({ range }) => range);
const repository = (): string => join(options.cacheDir, "models--org--tiny");
const snapshot = (): string => join(repository(), "snapshots", hub.commit);
const draft = (): string => join(repository(), "blobs", `${sha256(weights)}.incomplete`);

describe("resolveModel", () => {
  beforeEach(async () => {
    hub = await startHub(llama());
    options = { endpoint: hub.endpoint, cacheDir: join(room, `cache-${count++}`), pause: 1, patience: 2000, offline: false };
  });
  afterEach(() => hub.close());
  const resolveTiny = (more: HubOptions = {}): Promise<string> => resolveModel("org/tiny", { ...options, ...more });
  const fails = (message: RegExp, more: HubOptions = {}): Promise<void> =>
    assert.rejects(resolveTiny(more), (error: Error) => {
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });

  it("takes a folder as it is, and says what else it could have been", async () => {
    assert.equal(await resolveModel(fixture, options), resolve(fixture));
    for (const name of ["./nowhere", "/nowhere/at/all", "a/b/c", "../no-such-neighbour", "-x/y", "a--b"]) {
      await assert.rejects(resolveModel(name, options), /no such folder, and not a name of the hub/);
    }
    assert.deepEqual(lines(), []);
  });

  it("fetches what a model needs, nothing else, into the layout of the shared cache", async () => {
    const folder = await resolveTiny();
    assert.equal(folder, snapshot());
    assert.deepEqual(readdirSync(folder).sort(), ["config.json", "model.safetensors", "tokenizer.json"]);
    assert.ok(lstatSync(join(folder, "model.safetensors")).isSymbolicLink());
    assert.deepEqual(
      readdirSync(join(repository(), "blobs")).sort(),
      [sha256(weights), gitHash(hub.files["config.json"]!), gitHash(hub.files["tokenizer.json"]!)].sort(),
    );
    assert.equal(readFileSync(join(repository(), "refs", "main"), "utf8"), hub.commit);
    const checkpoint = openCheckpoint(folder);
    assert.equal(checkpoint.names.length, 30);
    checkpoint.close();
  });

  it("asks for the commit only when all is there, and for nothing when offline", async () => {
    const folder = await resolveTiny();
    hub.requests.length = 0;
    assert.equal(await resolveTiny(), folder);
    assert.deepEqual(lines(), ["GET /api/models/org/tiny/revision/main"]);
    for (const revision of ["main", hub.commit]) assert.equal(await resolveTiny({ offline: true, revision }), folder);
    await fails(/org\/tiny: revision v2 is not in the cache .* and offline is asked for/, { offline: true, revision: "v2" });
    assert.equal(lines().length, 1);
    rmSync(join(folder, "model.safetensors"));
    await fails(/model\.safetensors is not in the cache/, { offline: true });
  });

  it("fetches shards that the index names, and the revision that is pinned", async () => {
    const gemma2 = "test/fixtures/checkpoints/gemma2";
    const names = readdirSync(gemma2).filter((name) => !name.startsWith("expected"));
    hub.files = Object.fromEntries(names.map((name) => [name, readFileSync(join(gemma2, name))]));
    const checkpoint = openCheckpoint(await resolveTiny({ revision: "refs/pr/1" }));
    assert.equal(checkpoint.names.length, 46);
    checkpoint.close();
    assert.equal(lines()[0], "GET /api/models/org/tiny/revision/refs%2Fpr%2F1");
    assert.equal(readFileSync(join(repository(), "refs", "refs", "pr", "1"), "utf8"), hub.commit);
    assert.ok(existsSync(join(snapshot(), "chat_template.jinja")));
    await fails(/org\/tiny: has no revision v9/, { revision: "v9" });
    await fails(/"\.\.\/\.\.\/x" is no revision/, { revision: "../../x" });
  });

  it("sends the token to the hub, and never on to the storage", async () => {
    await resolveTiny({ token: "hf_secret" });
    assert.ok(hub.requests.some(({ storage }) => storage));
    for (const { storage, token } of hub.requests) assert.equal(token, storage ? undefined : "Bearer hf_secret");
  });

  it("goes on where a broken connection stopped", async () => {
    let broken = 0;
    hub.meddle = (request, response, storage) => {
      if (!storage || broken++ >= 7) return false;
      const from = Number(request.headers.range?.match(/\d+/)?.[0] ?? 0);
      const headers = { "content-length": weights.length - from, "content-range": `bytes ${from}-${weights.length - 1}/${weights.length}` };
      response.writeHead(from > 0 ? 206 : 200, headers);
      response.write(weights.subarray(from, from + 25_000), () => setTimeout(() => response.destroy(), 50));
      return true;
    };
    const folder = await resolveTiny();
    // Seven breaks are more than the five tries that get nowhere.
    assert.deepEqual(storageRanges(), [undefined, ...[1, 2, 3, 4, 5, 6, 7].map((n) => `bytes=${n * 25_000}-`)]);
    assert.ok(readFileSync(join(folder, "model.safetensors")).equals(weights));
  });

  it("gives up on a server that falls silent, and keeps what came", async () => {
    hub.meddle = (_, response, storage) => {
      if (!storage) return false;
      response.writeHead(200, { "content-length": weights.length });
      response.write(weights.subarray(0, 1000));
      return true;
    };
    await fails(
      /org\/tiny: .* cannot be reached \(silent for too long\), and revision main is not in the cache .*, what has come is kept/,
      { patience: 100 },
    );
    assert.equal(readFileSync(draft()).length, 1000);
    hub.meddle = () => false;
    hub.requests.length = 0;
    await resolveTiny();
    assert.deepEqual(storageRanges(), ["bytes=1000-"]);
  });

  it("goes on after a kill", async () => {
    hub.meddle = (_, response, storage) => {
      if (!storage) return false;
      response.writeHead(200, { "content-length": weights.length });
      response.write(weights.subarray(0, 70_000));
      return true;
    };
    const program = `
      import { resolveModel } from "basewise/models";
      const onProgress = (file, bytes) => bytes === 70000 && console.log(file);
      await resolveModel("org/tiny", { ...${JSON.stringify({ ...options, patience: 60_000 })}, onProgress });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      cwd: resolve("lib"),
      stdio: ["ignore", "pipe", "inherit"],
    });
    assert.equal(String((await once(child.stdout, "data"))[0]).trim(), "model.safetensors");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.ok(!existsSync(join(snapshot(), "model.safetensors")) && !existsSync(join(repository(), "refs")));
    await fails(/is not in the cache/, { offline: true });
    hub.meddle = () => false;
    hub.requests.length = 0;
    const seen: number[] = [];
    const folder = await resolveTiny({ onProgress: (_, bytes) => seen.push(bytes) });
    assert.deepEqual(storageRanges(), ["bytes=70000-"]);
    assert.ok(seen[0]! > 70_000 && seen.at(-1) === weights.length);
    assert.ok(readFileSync(join(folder, "model.safetensors")).equals(weights));
    assert.deepEqual(readdirSync(join(options.cacheDir, ".locks", "models--org--tiny")), []);
  });

  it("starts again where the server knows no ranges, or the old part was another file's", async () => {
    for (const old of [Buffer.alloc(5000, 1), Buffer.alloc(weights.length + 10, 1)]) {
      mkdirSync(join(repository(), "blobs"), { recursive: true });
      writeFileSync(draft(), old);
      assert.ok(readFileSync(join(await resolveTiny(), "model.safetensors")).equals(weights));
      rmSync(options.cacheDir, { recursive: true });
    }
    hub.meddle = (request, _, storage) => {
      if (storage) delete request.headers.range;
      return false;
    };
    mkdirSync(join(repository(), "blobs"), { recursive: true });
    writeFileSync(draft(), weights.subarray(0, 5000));
    assert.ok(readFileSync(join(await resolveTiny(), "model.safetensors")).equals(weights));
  });

  it("refuses and deletes what has another size or another content than announced", async () => {
    const wrong: [Buffer, RegExp][] = [
      [weights.subarray(0, 1000), /model\.safetensors: 1000 bytes came where the hub announced 223424/],
      [Buffer.concat([weights, weights]), /model\.safetensors: \d+ bytes came where the hub announced 223424/],
      [Buffer.from(weights).fill(0, 100, 101), /model\.safetensors: its SHA-256 is not the one/],
    ];
    for (const [content, message] of wrong) {
      hub.meddle = (_, response, storage) => storage && Boolean(response.end(content));
      await fails(message);
      assert.ok(!existsSync(draft()) && !existsSync(join(snapshot(), "model.safetensors")));
    }
    hub.files["tokenizer.json"] = Buffer.from("{}");
    options.cacheDir = join(room, `cache-${count++}`);
    hub.meddle = (request, response) => request.method === "GET" && request.url!.endsWith("tokenizer.json") && Boolean(response.end("[]"));
    await fails(/tokenizer\.json: its git hash is not the one/);
  });

  it("explains gated, private and absent models", async () => {
    const answerWith = (status: number, code?: string): void => {
      hub.meddle = (_, response) => Boolean(response.writeHead(status, code ? { "x-error-code": code } : {}).end());
    };
    answerWith(401, "GatedRepo");
    await fails(/org\/tiny: is gated; accept its terms at .*\/org\/tiny, and set HF_TOKEN/, { token: "" });
    answerWith(403);
    await fails(/org\/tiny: is gated, and the account of HF_TOKEN has no access/, { token: "hf_x" });
    answerWith(401);
    await fails(/org\/tiny: the hub does not take the token; renew HF_TOKEN/, { token: "hf_x" });
    await fails(/org\/tiny: no such folder, and on the hub it is private or not there/, { token: "" });
    answerWith(404, "RepoNotFound");
    await fails(/org\/tiny: no such folder, and not on the hub/);
    assert.deepEqual(hub.requests.length, 5); // none of these answers is worth asking again
  });

  it("asks again after answers that pass, and stands in with the cache when the hub is down", async () => {
    let busy = 3;
    hub.meddle = (_, response) => busy-- > 0 && Boolean(response.writeHead(busy === 1 ? 429 : 503).end());
    const folder = await resolveTiny();
    const notices: string[] = [];
    busy = Infinity;
    assert.equal(await resolveTiny({ onNotice: (text) => notices.push(text) }), folder);
    await hub.close();
    assert.equal(await resolveTiny({ onNotice: (text) => notices.push(text) }), folder);
    assert.match(notices[0]!, /org\/tiny: .* answered 503; using the copy in /);
    assert.match(notices[1]!, /org\/tiny: .* cannot be reached \(ECONNREFUSED\); using the copy in /);
    await fails(/cannot be reached \(ECONNREFUSED\), and revision refs\/pr\/1 is not in the cache/, { revision: "refs/pr/1" });
  });

  it("does not write outside the cache, whatever names the hub gives", async () => {
    const folder = options.cacheDir;
    options.cacheDir = join(folder, "deep", "cache");
    const outside = (): string[] =>
      readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => !/^deep($|.cache)/.test(name));
    const hostile: Record<string, Buffer> = {
      ...llama(),
      "../../x": Buffer.from("x"),
      "/tmp/x": Buffer.from("x"),
      "..\\x": Buffer.from("x"),
      "../config.json": Buffer.from("x"),
    };
    hub.files = hostile;
    assert.deepEqual(readdirSync(await resolveTiny()).sort(), ["config.json", "model.safetensors", "tokenizer.json"]);
    const { "model.safetensors": _, ...rest } = hostile;
    const index = (name: unknown): Buffer => Buffer.from(JSON.stringify({ weight_map: { w: name } }));
    for (const name of ["../../x.safetensors", "/tmp/x.safetensors", "..\\x.safetensors", "x.bin", 3]) {
      hub.files = { ...rest, "model.safetensors.index.json": index(name) };
      (hub as { commit: string }).commit = sha256(Buffer.from(String(name))).slice(0, 40);
      await fails(/org\/tiny: model\.safetensors\.index\.json names .*, not a safetensors file of this folder/);
    }
    (hub as { commit: string }).commit = "../../../evil";
    await fails(/org\/tiny: "\.\.\/\.\.\/\.\.\/evil" is not a commit; nothing is written under that name/);
    (hub as { commit: string }).commit = "aaaaaaa";
    hub.files = llama();
    hub.meddle = (request, response) => request.method === "HEAD" && Boolean(response.writeHead(200, { etag: '"../../../evil"' }).end());
    await fails(/is not an ETag; nothing is written under that name/);
    assert.deepEqual(outside(), []);
  });

  it("does not follow redirects to files or in circles", async () => {
    hub.meddle = (_, response) => Boolean(response.writeHead(302, { location: "file:///etc/passwd" }).end());
    await fails(/redirects to file:, nothing is fetched from there/);
    hub.meddle = (request, response) => Boolean(response.writeHead(302, { location: request.url! }).end());
    await fails(/redirects in circles/);
    hub.meddle = (_, response) => Boolean(response.end("<html>"));
    await fails(/not JSON; is HF_ENDPOINT right\?/);
    hub.meddle = (_, response) => Boolean(response.end("{}"));
    await fails(/names no commit and files/);
  });

  it("refuses a model that has only pickles, and one without configuration", async () => {
    const { "model.safetensors": _, "config.json": config, ...rest } = llama();
    hub.files = { ...rest, "config.json": config! };
    await fails(/org\/tiny: has only pickles .*--revision refs\/pr\/N.*convert/);
    hub.files = { ...rest, "model.safetensors": weights };
    await fails(/org\/tiny: has no config\.json/);
    assert.ok(!existsSync(repository()));
  });

  it("lets several ask at once and fetches once", async () => {
    const folders = await Promise.all([resolveTiny(), resolveTiny(), resolveTiny()]);
    assert.equal(new Set(folders).size, 1);
    assert.equal(storageRanges().length, 1);
  });

  it("listens to the variables that all Hugging Face tools know", async () => {
    const old = { ...process.env };
    try {
      const home = join(room, `home-${count++}`);
      Object.assign(process.env, { HF_ENDPOINT: `${hub.endpoint}/`, HF_HOME: home, HF_TOKEN: " hf_env \n" });
      for (const name of ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE"]) delete process.env[name];
      assert.equal(await resolveModel("org/tiny", { pause: 1 }), join(home, "hub", "models--org--tiny", "snapshots", hub.commit));
      assert.ok(hub.requests.every(({ storage, token }) => storage || token === "Bearer hf_env"));
      delete process.env["HF_TOKEN"];
      writeFileSync(join(home, "token"), "hf_file\n");
      process.env["HF_HUB_CACHE"] = options.cacheDir;
      hub.requests.length = 0;
      assert.equal(await resolveModel("org/tiny"), snapshot());
      assert.equal(hub.requests[0]!.token, "Bearer hf_file");
      process.env["HF_HUB_OFFLINE"] = "1";
      hub.requests.length = 0;
      assert.equal(await resolveModel("org/tiny"), snapshot());
      assert.deepEqual(lines(), []);
    } finally {
      process.env = old;
    }
  });
});

describe("resolveDataset", () => {
  const choose = (names: readonly string[]): string[] => names.filter((name) => name.endsWith(".jsonl"));
  beforeEach(async () => {
    hub = await startHub({
      "README.md": Buffer.from("# data"),
      "data/train.jsonl": Buffer.from("{}\n"),
      "../../evil.jsonl": Buffer.from("x"),
    });
    options = { endpoint: hub.endpoint, cacheDir: join(room, `cache-${count++}`), pause: 1, patience: 2000, offline: false };
  });
  afterEach(() => hub.close());

  it("fetches the chosen files of a dataset repository, none that would lie outside it, and finds them again offline", async () => {
    const paths = await resolveDataset("org/tiny", choose, options);
    const place = join(options.cacheDir, "datasets--org--tiny", "snapshots", hub.commit, "data", "train.jsonl");
    assert.deepEqual(paths, [place]);
    assert.equal(readFileSync(place, "utf8"), "{}\n");
    assert.deepEqual(lines().slice(0, 2), [
      "GET /api/datasets/org/tiny/revision/main",
      `HEAD /datasets/org/tiny/resolve/${hub.commit}/data/train.jsonl`,
    ]);
    assert.deepEqual(await resolveDataset("org/tiny", choose, { ...options, offline: true }), [place]);
    assert.deepEqual(
      lines().filter((line) => line.includes("evil")),
      [],
    );
  });

  it("says when there is no such dataset, none in the cache, or no file that would do", async () => {
    await assert.rejects(resolveDataset("org/other", choose, options), /org\/other: .*not on the hub \(.*\/datasets\/org\/other\)/);
    await assert.rejects(resolveDataset("org/tiny", choose, { ...options, offline: true }), /revision main is not in the cache/);
    await assert.rejects(
      resolveDataset("org/tiny", () => [], options),
      /org\/tiny: has no file that would do/,
    );
    await assert.rejects(resolveDataset("./folder", choose, options), /not a name of the hub/);
  });
});

describe("resolveTokenizer", () => {
  it("fetches what a tokenizer needs, and no weights", async () => {
    hub = await startHub(llama());
    options = { endpoint: hub.endpoint, cacheDir: join(room, `cache-${count++}`), pause: 1, patience: 2000, offline: false };
    try {
      const folder = await resolveTokenizer("org/tiny", options);
      assert.ok(existsSync(join(folder, "tokenizer.json")) && existsSync(join(folder, "config.json")));
      assert.deepEqual(
        lines().filter((line) => line.includes("safetensors")),
        [],
      );
      assert.equal(await resolveTokenizer("org/tiny", { ...options, offline: true }), folder);
      await assert.rejects(resolveModel("org/tiny", { ...options, offline: true }), /not in the cache/); // it lacks the weights
      hub.files = { "README.md": Buffer.from("#") };
      await assert.rejects(resolveTokenizer("org/tiny", { ...options, cacheDir: join(room, "bare") }), /org\/tiny: has no tokenizer\.json/);
    } finally {
      await hub.close();
    }
  });
});
