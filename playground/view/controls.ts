/** Kernel, target, sizes, parameters, element types: a field for each that the kernel has. */
import { byId, h } from "../dom.ts";
import type { Parameter, State, TypeChoice } from "../protocol.ts";

type Change = (change: (state: State) => State) => void;

const options = (select: HTMLSelectElement, names: readonly string[], value: string): void => {
  const now = [...select.options].map((o) => o.value);
  if (now.join() !== names.join()) select.replaceChildren(...names.map((n) => h("option", { value: n }, n)));
  select.value = value;
};

const WHAT = { size: "size", scalar: "parameter", static: "static parameter" } as const;

const field = (p: Parameter, change: Change): HTMLElement => {
  const input = h("input", {
    type: "number",
    value: p.value,
    "aria-label": `${WHAT[p.kind]} ${p.name}`,
    ...(p.whole ? { step: 1 } : { step: "any" }),
    ...(p.kind === "size" ? { min: 0, max: 1048576 } : {}),
  });
  input.addEventListener("change", () => {
    const value = input.valueAsNumber;
    const isRight =
      Number.isFinite(value) && (!p.whole || Number.isInteger(value)) && (p.kind !== "size" || value >= 0);
    if (!isRight) input.value = String(p.value);
    else change((s) => ({ ...s, values: { ...s.values, [p.name]: value } }));
  });
  const label = h("span", { class: "value" }, p.name, input);
  if (p.kind !== "size") return label;
  const asked = p.fixed === "asked";
  const pin = h(
    "button",
    {
      type: "button",
      "aria-pressed": p.fixed !== null,
      disabled: asked,
      title: asked ? "the plan must know this size" : "fixed: told to the compiler; free: one kernel for all values",
      "aria-label": `size ${p.name} is ${p.fixed === null ? "free" : "fixed"}`,
    },
    p.fixed === null ? "free" : "fixed",
  );
  pin.addEventListener("click", () =>
    change((s) => ({
      ...s,
      fixed: s.fixed.includes(p.name) ? s.fixed.filter((n) => n !== p.name) : [...s.fixed, p.name],
    })),
  );
  label.append(pin);
  return label;
};

const typeField = (t: TypeChoice, change: Change): HTMLElement => {
  const select = h("select", { "aria-label": `element type ${t.name}` });
  options(select, t.options, t.value);
  select.addEventListener("change", () => change((s) => ({ ...s, types: { ...s.types, [t.name]: select.value } })));
  return h("span", { class: "value" }, t.name, select);
};

export type Controls = {
  readonly showKernels: (names: readonly string[], name: string | null) => void;
  readonly showTarget: (name: string) => void;
  readonly showParameters: (parameters: readonly Parameter[], types: readonly TypeChoice[]) => void;
};

export const createControls = (targets: readonly string[], change: Change): Controls => {
  const kernel = byId<HTMLSelectElement>("kernel");
  const target = byId<HTMLSelectElement>("target");
  const form = byId<HTMLFormElement>("parameters");
  kernel.addEventListener("change", () => change((s) => ({ ...s, kernel: kernel.value })));
  target.addEventListener("change", () => change((s) => ({ ...s, target: target.value })));
  form.addEventListener("submit", (event) => event.preventDefault());
  let shown = "";
  return {
    showKernels: (names, name) => options(kernel, names, name ?? ""),
    showTarget: (name) => options(target, targets, name),
    showParameters: (parameters, types) => {
      const now = JSON.stringify([parameters, types]);
      if (now === shown) return;
      shown = now;
      const focused = form.contains(document.activeElement) ? document.activeElement?.getAttribute("aria-label") : null;
      form.replaceChildren(...parameters.map((p) => field(p, change)), ...types.map((t) => typeField(t, change)));
      const name = focused?.replace(/ is (free|fixed)$/, "");
      if (name === undefined) return;
      const again = [...form.querySelectorAll<HTMLElement>("[aria-label]")].find(
        (e) => e.getAttribute("aria-label")?.replace(/ is (free|fixed)$/, "") === name,
      );
      again?.focus();
    },
  };
};
