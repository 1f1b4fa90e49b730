/** Returns an answer. @throws {Error} when it does not arrive in time; it is then ignored */
export async function withTimeout<T>(answer: Promise<T>, withinMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`No answer within ${withinMs / 1000} s`));
    }, withinMs);
  });
  return Promise.race([answer, late]).finally(() => {
    clearTimeout(timer);
  });
}
