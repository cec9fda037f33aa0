const quote = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The command that was given, as a shell takes it. */
export const commandLine = (): string => ["constella", ...process.argv.slice(2).map(quote)].join(" ");
