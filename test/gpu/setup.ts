/** Before the workers fork: SwiftShader is unpacked and their environment points at it. */
import { softwareDriver } from "../../src/cli/adapters.ts";
import { denoBinary } from "./deno.ts";

const setup = (): void => {
  const swiftshader = softwareDriver("swiftshader");
  if (swiftshader.available) Object.assign(process.env, swiftshader.env);
  else console.log(`swiftshader: not available: ${swiftshader.reason}`);
  const lavapipe = softwareDriver("lavapipe");
  if (!lavapipe.available) console.log(`lavapipe: not available: ${lavapipe.reason}`);
  const deno = denoBinary();
  if (!deno.available) console.log(`deno: not available: ${deno.reason}`);
};

export default setup;
