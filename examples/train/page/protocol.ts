/** What the page and its worker say to each other. */
import type { Config } from "../transformer.ts";

export type Request =
  | {
      readonly kind: "start";
      readonly config: Omit<Config, "vocabulary">;
      readonly steps: number;
      readonly checkpoint: Uint8Array | null;
    }
  | { readonly kind: "stop" }
  | { readonly kind: "resume"; readonly steps: number }
  | { readonly kind: "save" };

export type Reply =
  | { readonly kind: "ready"; readonly words: string; readonly steps: number; readonly attention: string }
  | { readonly kind: "step"; readonly step: number; readonly loss: number; readonly part: number }
  | { readonly kind: "sample"; readonly step: number; readonly text: string }
  | { readonly kind: "stopped"; readonly step: number }
  | { readonly kind: "saved"; readonly file: Uint8Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly why: string };
