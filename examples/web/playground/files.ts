// Files in and out of the page.

/** Gives the user a file. */
export function saveFile(name: string, mime: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: mime }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The contents of files that were chosen or dropped. */
export const contentsOf = (files: readonly File[]): Promise<{ name: string; bytes: ArrayBuffer }[]> =>
  Promise.all(files.map(async (file) => ({ name: file.name, bytes: await file.arrayBuffer() })));
