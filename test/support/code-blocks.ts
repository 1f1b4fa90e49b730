import { readFileSync } from 'node:fs';

/** A block of code in a document. */
export interface CodeBlock {
  language: string;
  /** The word after the language: the file that a test makes of it, or `manual` if no test can run it. */
  name?: string;
  code: string;
}

/** Returns the blocks of a document in their order. */
export function blocksOf(document: string): CodeBlock[] {
  const text = readFileSync(document, 'utf8');
  return [...text.matchAll(/^( *)```(\w+)(?: (\S+))?\n([^]*?)^ *```$/gm)].map(
    ([, indent = '', language = '', name, code = '']) => ({
      language,
      name,
      code: code.replace(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}
