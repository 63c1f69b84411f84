import { deepEqual, doesNotThrow, equal, match, ok, throws } from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type ChatMessage, loadTokenizer, type Tokenizer, type TokenizerOptions } from "basewise/models";

const chat: ChatMessage[] = [
  { role: "user", content: " Why? " },
  { role: "assistant", content: "Because." },
];

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

/** A fixture's tokenizer with other templates; "chat_template" goes into tokenizer_config.json, other names are files. */
function withTemplates(name: string, templates: Record<string, unknown>, options?: TokenizerOptions): Tokenizer {
  const copy = mkdtempSync(join(folder, "model-"));
  for (const file of ["tokenizer.json", "tokenizer_config.json"])
    cpSync(join("test", "fixtures", "checkpoints", name, file), join(copy, file));
  const config = JSON.parse(readFileSync(join(copy, "tokenizer_config.json"), "utf8"));
  delete config.chat_template;
  mkdirSync(join(copy, "additional_chat_templates"));
  for (const [place, content] of Object.entries(templates)) {
    if (place === "chat_template") config.chat_template = content;
    else writeFileSync(join(copy, place), String(content));
  }
  rmSync(join(copy, "tokenizer_config.json"));
  writeFileSync(join(copy, "tokenizer_config.json"), JSON.stringify(config));
  return loadTokenizer(copy, options);
}
const render = (template: string, messages = chat, options: TokenizerOptions = {}): string =>
  withTemplates("llama", { chat_template: template }, options).renderChat(messages);

interface Rendered {
  chats: ChatMessage[][];
  templates: Record<string, string>;
  answers: Record<string, { text?: string; error?: string }[]>;
}
const rendered: Rendered = JSON.parse(readFileSync(join("test", "fixtures", "chat-templates", "chats.json"), "utf8"));

describe("templates render as in transformers", () => {
  for (const [name, template] of Object.entries(rendered.templates)) {
    it(name, () => {
      const { renderChat } = withTemplates("mistral", { chat_template: template }); // <s> and </s>
      rendered.answers[name]!.forEach(({ text, error }, i) => {
        const messages = rendered.chats[Math.floor(i / 2)]!;
        const render = (): string => renderChat(messages, { addGenerationPrompt: i % 2 === 1 });
        if (text !== undefined) equal(render(), text);
        else throws(render, (thrown: Error) => thrown.message.endsWith(error!));
      });
    });
  }
});

describe("where a chat template is from", () => {
  it("chat_template.jinja goes before tokenizer_config.json", () => {
    const { renderChat, templateName } = withTemplates("llama", { chat_template: "old", "chat_template.jinja": "new" });
    deepEqual([renderChat(chat), templateName], ["new", "chat_template.jinja"]);
  });
  it("a list has names, and the one called default is taken", () => {
    const list = [
      { name: "tool_use", template: "tools" },
      { name: "default", template: "plainly" },
    ];
    equal(withTemplates("llama", { chat_template: list }).renderChat(chat), "plainly");
    const tools = withTemplates("llama", { chat_template: list }, { chatTemplate: "tool_use" });
    deepEqual([tools.renderChat(chat), tools.templateName], ["tools", "tokenizer_config.json (tool_use)"]);
    throws(
      () => withTemplates("llama", { chat_template: list }, { chatTemplate: "rag" }),
      /no chat template "rag"; name one of "tool_use", "default", "plain"/,
    );
    throws(
      () => withTemplates("llama", { chat_template: [{ name: "x" }] }),
      /tokenizer_config\.json: chat_template\[0\] needs a name and a template/,
    );
    throws(() => withTemplates("llama", { chat_template: 5 }), /chat_template is neither text nor list/);
  });
  it("additional_chat_templates have the names of their files", () => {
    const templates = { "chat_template.jinja": "one", "additional_chat_templates/rag.jinja": "two" };
    equal(withTemplates("llama", templates).renderChat(chat), "one");
    equal(withTemplates("llama", templates, { chatTemplate: "rag" }).renderChat(chat), "two");
  });
  it("a file given goes before all", () => {
    const file = join(folder, "own.jinja");
    writeFileSync(file, "{{ messages | length }}{{ eos_token }}");
    equal(render("old", chat, { chatTemplate: file }), "2<|eot_id|>");
  });
  it("a base model gets plain turns that end with EOS, and BOS where its tokenizer adds it", () => {
    const mistral = withTemplates("mistral", {});
    equal(mistral.templateName, "basewise's plain turns");
    equal(mistral.renderChat(chat), "<s>User: Why?\n\nAssistant: Because.</s>");
    equal(mistral.renderChat(chat.slice(0, 1), { addGenerationPrompt: true }), "<s>User: Why?\n\nAssistant:");
    const ids = mistral.encodeChat(chat);
    deepEqual([ids[0], ids.at(-1), ids.filter((id) => id === mistral.bosId).length], [mistral.bosId, mistral.eosId, 1]);
    equal(withTemplates("qwen2", {}).renderChat(chat), "User: Why?\n\nAssistant: Because.<|im_end|>");
    equal(render("old", chat, { chatTemplate: "plain" }), "<|begin_of_text|>User: Why?\n\nAssistant: Because.<|eot_id|>");
  });
});

describe("what a template can do", () => {
  it("sees the messages' further fields, and no more than it was given", () => {
    equal(render("{{ messages[0].name }}{{ messages[0]['role'] }}", [{ role: "user", content: "", name: "Ada" }]), "Adauser");
    equal(
      render(
        "{{ messages.__proto__ }}{{ messages[0].__class__ }}{{ messages[0]['constructor'] }}{{ range.constructor }}{{ ''.constructor }}",
      ),
      "",
    );
    throws(() => render("{{ ''.constructor.constructor('return process')() }}"), /Cannot call something that is not a function/);
    const hostile = JSON.parse('[{"role":"user","content":"x","__proto__":{"polluted":1},"constructor":"c"}]');
    equal(render("{{ messages[0].polluted }}{{ messages[0].constructor }}", hostile), "c");
    equal(({} as Record<string, unknown>)["polluted"], undefined);
  });
  it("strips blanks as Python does", () => {
    const odd = [{ role: "user", content: "\ufeff a \x85" }];
    equal(render("[{{ messages[0].content | trim }}][{{ messages[0].content.strip() }}]", odd), "[\ufeff a][\ufeff a]"); // 'x'.strip() in Python 3.11
    equal(render("{{ 'xxaxx'.lstrip('x') }} {{ 'xxaxx'.rstrip('x') }} {{ 'xyaxy'.strip('yx') }} {{ ['a'] | length }}"), "axx xxa a 1");
  });
  it("writes the date that it is given, in English", () => {
    const options = { date: new Date(2024, 6, 6, 9, 5) };
    equal(render("{{ strftime_now('%d %b %Y %B %H:%M %j %A %% %q') }}", chat, options), "06 Jul 2024 July 09:05 188 Saturday % %q");
    ok(withTemplates("llama", { chat_template: "{{ strftime_now('%Y') }}" }).templateUsesDate);
  });
});

describe("templates that are wrong or hostile are one line that names the file", () => {
  const cases: [template: string, message: RegExp][] = [
    ["{{ raise_exception('No system\\nprompt, please') }}", /the chat template: No system prompt, please$/],
    ["{% for i in range(1000000000) %}x{% endfor %}", /range\(\) of 1000000000 is longer than 100000/],
    [
      "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
      /computes more text than any conversation needs/,
    ],
    [
      "{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
      /computes more text than any conversation needs/,
    ],
    ["{% macro f(g) %}{{ g(g) }}{% endmacro %}{{ f(f) }}", /calls itself without end/],
    ["{{ messages | tojson(indent=1000000000) }}", /computes a text that is too long/],
    ["{{ nothing.at.all() }}", /Cannot call something that is not a function/],
  ];
  for (const [template, message] of cases) {
    it(template.slice(0, 60), () => {
      const { renderChat } = withTemplates("llama", { "chat_template.jinja": template });
      throws(
        () => renderChat(chat),
        (error: Error) => {
          match(error.message, message);
          match(error.message, /chat_template\.jinja: the chat template: /);
          return !error.message.includes("\n");
        },
      );
    });
  }
  it("a loop without end stops after some seconds", { timeout: 60_000 }, () => {
    const loop = "{% for i in range(100000) %}{% for j in range(100000) %}{% for k in range(9) %}{% endfor %}{% endfor %}{% endfor %}";
    const endless = withTemplates("llama", { chat_template: "plain" }, { chatTemplate: writeTemplate(loop) });
    throws(() => endless.renderChat(chat), /ran longer than 5 s|more text than any conversation needs/);
  });
  it("a template that cannot be parsed fails when it is loaded", () => {
    throws(() => withTemplates("llama", { chat_template: "{% if %}" }), /tokenizer_config\.json: the chat template: /);
    throws(() => withTemplates("llama", { chat_template: `{{ ${"(".repeat(100_000)} }}` }), /calls itself without end/);
    throws(() => withTemplates("llama", { chat_template: "x".repeat(2 ** 20 + 1) }), /is 1048577 characters long/);
  });
  it("a refusal of one conversation leaves the tokenizer usable", () => {
    const refuses = withTemplates("llama", { chat_template: "{{ raise_exception('never') }}" });
    doesNotThrow(() => refuses.encode("text"));
    ok(refuses.padId !== null);
  });
});

function writeTemplate(text: string): string {
  const file = join(folder, "given.jinja");
  writeFileSync(file, text);
  return file;
}
