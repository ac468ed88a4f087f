/** Rooflines by hand, and the tables of registers as they are committed. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { boundOf, DEVICES } from "../../playground/devices.ts";
import { registerTables } from "../../playground/view/registers.ts";

test("a roofline is the slower of moving and computing", () => {
  const device = { name: "d", tflops: 10, gbps: 100 };
  expect(boundOf(device, 2e9, 1e6)).toEqual({ tflops: 10, milliseconds: 0.2, by: "arithmetic" });
  const slow = boundOf(device, 1e6, 1e9);
  expect(slow.by).toBe("memory");
  expect(slow.milliseconds).toBeCloseTo(10, 12);
  expect(slow.tflops).toBeCloseTo(1e-4, 12);
  expect(boundOf(device, 0, 0).tflops).toBe(0);
  expect(DEVICES.every((d) => d.tflops > 1 && d.gbps > 50)).toBe(true);
});

test("the tables of registers are those of the document", () => {
  const text = readFileSync("docs/performance.md", "utf8");
  const tables = registerTables(text);
  expect(tables.length).toBeGreaterThanOrEqual(2);
  for (const [head = [], ...rows] of tables) {
    expect(rows.length).toBeGreaterThan(2);
    const at = head.indexOf("registers");
    for (const row of rows) {
      expect(row.length).toBe(head.length);
      expect(Number(row[at])).toBeGreaterThan(0);
      expect(text).toContain(row[0]);
    }
  }
});
