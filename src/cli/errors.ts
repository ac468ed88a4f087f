/** How commands end. */

/** 0: done; 1: the input has errors, or a check failed; 2: the command line is wrong; 70: a bug in TFX. */
export type ExitCode = 0 | 1 | 2 | 70;

/** The command line asks for something that is not there or does not fit: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Runs `action`; what it throws gets `what` in front of its message and becomes a UsageError. */
export const usage = <T>(what: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    throw new UsageError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
};
