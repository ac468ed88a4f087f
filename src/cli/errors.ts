/** How commands end. */

/** 0: done; 1: the input has errors, or a check failed; 2: the command line is wrong; 70: a bug in TFX. */
export type ExitCode = 0 | 1 | 2 | 70;

/** The command line asks for something that is not there or does not fit: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** The device cannot do what was asked, or failed at it: exit code 1. */
export class DeviceError extends Error {
  override name = "DeviceError";
}

const WEBGPU = ["OperationError", "AbortError"];

/** The first line of what was thrown. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";

/**
 * What a device or the runtime rejects with (plain errors, WebGPU's own) as a DeviceError of one line behind `what`. Other
 * errors (TypeError and the like) are mistakes of TFX and stay what they are.
 */
export const onDevice = async <T>(what: string, action: () => Promise<T>): Promise<T> => {
  try {
    return await action();
  } catch (error) {
    const isPlain = !(error instanceof Error) || error.constructor === Error || WEBGPU.includes(error.name);
    throw isPlain ? new DeviceError(`${what}: ${messageOf(error)}`) : error;
  }
};

/**
 * One line for what is neither the user's nor TFX's mistake: no memory, a file that the system does not give, or a driver that
 * gives a kernel up; null for the rest.
 */
export const exhausted = (error: unknown): string | null => {
  if (error instanceof RangeError && /allocation failed|invalid (typed )?array (buffer )?length/i.test(error.message))
    return "this machine has no memory for data of these sizes";
  const { name, reason, code, syscall } = (error ?? {}) as Readonly<Record<string, string | undefined>>;
  if (code !== undefined && syscall !== undefined) return messageOf(error);
  return name === "GPUPipelineError" && reason === "internal" ? `the driver gives up: ${messageOf(error)}` : null;
};

/** Runs all of them; what several have to complain of is one UsageError. */
export const together = (actions: readonly (() => unknown)[]): void => {
  const messages = actions.flatMap((action) => {
    try {
      action();
      return [];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return [error.message];
    }
  });
  if (messages.length > 0) throw new UsageError(messages.join("; "));
};

/** Runs `action`; what it throws gets `what` in front of its message and becomes a UsageError. */
export const usage = <T>(what: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`${what}: ${messageOf(error)}`);
  }
};
