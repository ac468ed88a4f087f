/** Whether a value is an artifact, as the schema has it. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";

export const SCHEMA = JSON.parse(
  readFileSync(new URL("../../schema/artifact.schema.json", import.meta.url), "utf8"),
) as Readonly<Record<string, unknown>>;

const validate = new Ajv2020({ allErrors: true, strict: true, strictTypes: false }).compile(SCHEMA);

/** What the schema has against a value, a line each. */
export const schemaFaults = (artifact: unknown): readonly string[] =>
  validate(artifact) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
