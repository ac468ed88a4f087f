/** What is being done, on a terminal, while it takes long. */
const CLEAR = "\r\x1b[K";

/** Shows `what`, with the seconds it takes, until the action ends; nothing where nobody looks. */
export const during = async <T>(what: string, action: () => T | Promise<T>): Promise<T> => {
  if (!process.stderr.isTTY) return action();
  const start = performance.now();
  const show = (): void => {
    const seconds = Math.floor((performance.now() - start) / 1000);
    process.stderr.write(`${CLEAR}${what}${seconds === 0 ? "" : ` (${seconds} s)`} …`);
  };
  show();
  const timer = setInterval(show, 1000);
  try {
    // What does not wait would not let the words appear.
    await new Promise((done) => setImmediate(done));
    return await action();
  } finally {
    clearInterval(timer);
    process.stderr.write(CLEAR);
  }
};
