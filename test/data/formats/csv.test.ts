import { describe, expect, test } from "vitest";
import { encodeLabels } from "../../../src/data/formats/class-labels";
import { readCsv, readCsvLabels, readCsvStream, writeCsv } from "../../../src/data/formats/csv/csv";
import { NdArray } from "../../../src/ndarray";

const matrix = (text: string | Uint8Array, options = {}) => {
  const { data, columns } = readCsv(text, options);
  return { rows: data.shape[0], columns, values: [...data.data] };
};

describe("readCsv", () => {
  test("numbers without a header", () => {
    expect(matrix("1,2\n3,4.5\n-1e-3,+.5\n")).toEqual({ rows: 3, columns: null, values: [1, 2, 3, 4.5, -0.001, 0.5] });
    expect(matrix("1\n2\n3")).toEqual({ rows: 3, columns: null, values: [1, 2, 3] });
  });
  test("a header is noticed", () => {
    expect(matrix("a,b\n1,2\n").columns).toEqual(["a", "b"]);
    expect(matrix('width ,"height, total"\n1,2\n').columns).toEqual(["width", "height, total"]);
    expect(matrix("2019,b\n1,2\n").columns).toEqual(["2019", "b"]);
    expect(matrix("1,2\n3,4\n", { header: true })).toEqual({ rows: 1, columns: ["1", "2"], values: [3, 4] });
  });
  test("line ends, byte order mark, delimiters, quotes, blank lines", () => {
    const want = { rows: 2, columns: ["a", "b"], values: [1, 2, 3, 4] };
    expect(matrix("a,b\r\n1,2\r\n3,4\r\n")).toEqual(want);
    expect(matrix("a,b\r1,2\r3,4")).toEqual(want);
    expect(matrix("\ufeffa,b\n1,2\n3,4")).toEqual(want);
    expect(matrix(new TextEncoder().encode("\ufeffa;b\n1;2\n3;4\n"))).toEqual(want);
    expect(matrix("a\tb\n1\t2\n3\t4\n")).toEqual(want);
    expect(matrix("a b\n1 2\n3 4\n", { delimiter: " " })).toEqual(want);
    expect(matrix('"a","b"\n"1"," 2 "\n\n3,4\n\n')).toEqual(want);
  });
  test("a label column by name, by index, of text and of integers", () => {
    const iris = "5.1,3.5,setosa\n6.2,2.9,virginica\n5.0,3.0,setosa\n";
    const { data, labels } = readCsv(iris, { label: -1 });
    expect([...data.data]).toEqual([5.1, 3.5, 6.2, 2.9, 5, 3]);
    expect(labels).toEqual({ labels: Int32Array.of(0, 1, 0), classes: ["setosa", "virginica"] });
    const digits = readCsv("x,digit,y\n1,7,2\n3,-1,4\n", { label: "digit" });
    expect(digits.columns).toEqual(["x", "y"]);
    expect(digits.data.shape).toEqual([2, 2]);
    expect(digits.labels).toEqual({ labels: Int32Array.of(7, -1), classes: null });
    expect(readCsvLabels("id,kind\nq,cat\nr,dog\n", { label: "kind" })).toEqual({
      labels: Int32Array.of(0, 1),
      classes: ["cat", "dog"],
    });
    expect(readCsvLabels("3\n1\n3\n")).toEqual({ labels: Int32Array.of(3, 1, 3), classes: null });
  });
  test("numbers between blanks, comments, names above them", () => {
    expect(matrix("0.0e+00 1.0e+00\n2.0e+00 3.0e+00\n").values).toEqual([0, 1, 2, 3]);
    expect(matrix("  1.0   2.5\n 10.0  -3.5\n").values).toEqual([1, 2.5, 10, -3.5]);
    expect(matrix("# x y\n1 2\n# half\n3 4\n")).toEqual({ rows: 2, columns: ["x", "y"], values: [1, 2, 3, 4] });
    expect(matrix("#made,today,here\n1,2\n").columns).toBeNull();
    expect(() => matrix("1 2\n3 4 5\n")).toThrow("csv: line 2 has 3 cells, the first row has 2");
  });
  test("decimal commas", () => {
    const want = { rows: 2, columns: ["a", "b"], values: [1.5, 2, -0.25, 1000] };
    expect(matrix("a;b\n1,5;2\n-0,25;1e3\n")).toEqual(want);
    expect(matrix("a\tb\n1,5\t2\n-0,25\t1e3\n")).toEqual(want);
    expect(() => matrix("a;b\n1,5;2.5\n")).toThrow('"1,5" is not a number');
    expect(() => matrix("a;b\n1,5;2\n", { decimal: "." })).toThrow('"1,5" is not a number');
    expect(matrix("1;2\n3;4\n", { decimal: "," }).values).toEqual([1, 2, 3, 4]);
    expect(matrix("a;b\n1,500;2\n3,250;4\n").values).toEqual([1.5, 2, 3.25, 4]);
    expect(matrix('"1,5","2,250"\n"3,25","4,000"\n').values).toEqual([1.5, 2.25, 3.25, 4]);
  });
  test("commas between thousands are not taken for those of fractions", () => {
    const text = 'a,b\n"1,234",2\n"12,000",3\n';
    expect(() => matrix(text)).toThrow(
      'csv: line 2, column "a": "1,234" is not a number; decimal: "," takes its comma for that of a fraction',
    );
    expect(matrix(text, { decimal: "," }).values).toEqual([1.234, 2, 12, 3]);
  });
  test("Excel's line of the separator", () => {
    expect(matrix("sep=;\r\na;b\r\n1,5;2\r\n").values).toEqual([1.5, 2]);
    expect(() => matrix("sep=|\na|b\n1|x\n2|3\n")).toThrow('csv: line 3, column "b": "x" is not a number');
  });
  test("columns of text are told together, and a name that several columns have is refused", () => {
    expect(() => matrix("name,x,level\nann,1,low\nbob,2,high\n")).toThrow(
      'csv: line 2, column "name": "ann" is not a number; drop leaves out columns of text ("name", "level"), id names',
    );
    expect(matrix("a,b,a\n1,2,3\n", { columns: [0] }).values).toEqual([1]);
    expect(() => matrix("a,b,a\n1,2,3\n", { columns: ["a"] })).toThrow('csv: there are several columns "a"; say which');
  });
  test("missing values are told, left out or filled in", () => {
    const text = "a,b\n1,2\nNA,4\n5,\n7,9\n";
    expect(() => matrix(text)).toThrow(
      'csv: line 3, column "a": "NA" is not a number; missing: drop leaves such rows out',
    );
    const { data, dropped, labels } = readCsv(`k,${text.replaceAll("\n", "\nq,").slice(0, -2)}`, {
      missing: "drop",
      label: "k",
    });
    expect([[...data.data], dropped, labels?.labels.length]).toEqual([[1, 2, 7, 9], 2, 2]);
    expect(matrix(text, { missing: "mean" }).values).toEqual([1, 2, 13 / 3, 4, 5, 5, 7, 9]);
    expect(() => matrix("a,b\n1,\n2,\n", { missing: "mean" })).toThrow('column "b" has no value to take the mean of');
    expect(() => matrix("a,b\n1,\n2,\n", { missing: "drop" })).toThrow("csv: every row has a missing value");
    expect(() => matrix(text, { missing: "zero" })).toThrow('csv: missing must be error, drop or mean, got "zero"');
  });
  test("columns are chosen, left out, name the rows, or become categories", () => {
    const text = "name,x,colour,y\nann,1,red,2\nbob,3,blue,4\ncat,5,red,6\n";
    expect(matrix(text, { columns: ["y", 1] })).toEqual({ rows: 3, columns: ["x", "y"], values: [1, 2, 3, 4, 5, 6] });
    const table = readCsv(text, { id: "name", oneHot: ["colour"] });
    expect(table.ids).toEqual(["ann", "bob", "cat"]);
    expect(table.columns).toEqual(["x", "colour=blue", "colour=red", "y"]);
    expect([...table.data.data]).toEqual([1, 0, 1, 2, 3, 1, 0, 4, 5, 0, 1, 6]);
    expect(matrix(text, { drop: ["name", "colour"] }).values).toEqual([1, 2, 3, 4, 5, 6]);
    expect(() => matrix(text, { drop: ["size"] })).toThrow('no column "size", the file has name, x, colour, y');
  });
  test("an index that pandas wrote is left out, and told", () => {
    const { data, columns, notes } = readCsv(",a,b\n0,5,6\n1,7,8\n");
    expect([[...data.data], columns]).toEqual([
      [5, 6, 7, 8],
      ["a", "b"],
    ]);
    expect(notes).toEqual([expect.stringMatching(/^column 1 has no name and counts the rows from 0/)]);
    expect(readCsv(",a,b\n0,5,6\n2,7,8\n").columns).toEqual(["", "a", "b"]);
  });
  test("a later table is taken like an earlier one", () => {
    const { layout } = readCsv("x,name,colour,y\n1,ann,red,\n3,bob,blue,5\n", {
      ...{ oneHot: ["colour"], id: "name", missing: "mean" },
    });
    const like = (text: string) => readCsv(text, { like: layout, missing: "mean" });
    const later = like("y,colour,x\n7,blue,1\n,red,\n");
    expect([later.columns, [...later.data.data], later.ids]).toEqual([
      ["x", "colour=blue", "colour=red", "y"],
      [1, 1, 0, 7, 2, 0, 1, 5],
      null,
    ]);
    expect(like("y,colour,x,name\n7,red,1,eve\n")).toMatchObject({ ids: ["eve"], layout });
    expect(like(",y,colour,x\n0,7,red,1\n").columns).toEqual(later.columns); // an index of pandas beside them
    expect(() => like("y,x,size\n7,1,2\n")).toThrow(
      "csv: file must have the columns that the model was trained on, it lacks colour, and it has size",
    );
    expect(() => like("1,2\n")).toThrow("csv: the model takes 3 columns, x, colour, y; the file has 2 without names");
    expect(() => like("x,colour,y\n1,green,2\n")).toThrow(
      '"green" is none of the categories that the model was trained',
    );
    const one = readCsv("b,a,c\n1,2,x\n", { columns: ["a"] }).layout;
    expect([...readCsv("c,a,d\ny,5,z\n", { like: one }).data.data]).toEqual([5]);
    const plain = readCsv("1,2,3\n4,5,6\n", { drop: [0] }).layout;
    expect([...readCsv("7,8,9\n", { like: plain }).data.data]).toEqual([8, 9]);
    expect([...readCsv("8,9\n", { like: plain }).data.data]).toEqual([8, 9]);
  });
  test("names of rows that have no name of their own, as R writes them", () => {
    const table = readCsv('"a" "b"\n"one row" 1 2\n"say ""so""" 3 4\n"say \\"no\\"" 5 6\n');
    expect([table.columns, table.ids, [...table.data.data]]).toEqual([
      ["", "a", "b"].slice(1),
      ["one row", 'say "so"', 'say "no"'],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(table.notes).toEqual([expect.stringMatching(/^the header has one name fewer than the rows have cells/)]);
    expect(readCsv("a;b\n1;2;3\n2;4;5\n")).toMatchObject({ columns: ["a", "b"], ids: ["1", "2"] });
    expect(readCsv(",a\nann,2\nbob,3\n")).toMatchObject({ columns: ["a"], ids: ["ann", "bob"] });
    expect(readCsv(",a,b\n1,5,6\n2,7,8\n")).toMatchObject({ columns: ["a", "b"], ids: null });
    expect(readCsvLabels('"kind"\n"1" "cat"\n"2" "dog"\n', { delimiter: "whitespace" }).classes).toEqual([
      "cat",
      "dog",
    ]);
    // a word and a number in one column of text are no name and value
    expect(readCsvLabels("kind\nkind 0\nkind 2\nkind 1\n").classes).toEqual(["kind 0", "kind 1", "kind 2"]);
    expect(readCsvLabels("shape of it\nblue pot 1\nred pot 2\nblue pot 1\n").classes).toHaveLength(2);
    expect(() => readCsv("kind\nkind 0\nkind 2\n")).toThrow('csv: line 2, column "kind": "kind 0" is not a number');
    expect(readCsv('"x"\n"ann" 5\n"bob" 6\n')).toMatchObject({ columns: ["x"], ids: ["ann", "bob"] });
    expect(() => readCsv('a b\n1 2\n"3 4\n', { delimiter: "whitespace" })).toThrow("csv: line 3: quoted field");
    expect(() => readCsv("1,2\n1,2,3\n")).toThrow("csv: line 2 has 3 cells, the first row has 2");
    expect(() => readCsv("a,b\n1,2,3\n4,5\n")).toThrow("csv: line 3 has 2 cells, the first row has 3");
  });
  test("a text in pieces is the text", async () => {
    const text = 'a,"b\nc"\r\n' + Array.from({ length: 500 }, (_, i) => `${i},"${i / 4}"\r\n`).join("");
    const bytes = new TextEncoder().encode(`\ufeff${text}`);
    for (const size of [1, 7, 64, 1000]) {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size));
      };
      const table = await readCsvStream(pieces());
      expect(table).toEqual(readCsv(text));
      expect(table.columns).toEqual(["a", "b\nc"]);
      const wrong = bytes.slice();
      wrong[wrong.length - 4] = 120;
      const torn = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < wrong.length; at += size) yield Promise.resolve(wrong.subarray(at, at + size));
      };
      await expect(readCsvStream(torn())).rejects.toThrow('csv: line 502, column "b\\nc": "124.7x" is not a number');
    }
  });
  test("a long cell takes time that grows with its length", () => {
    const cell = (digits: number): string => `a,b\n1,2\n1,${"1".repeat(digits)}x\n`;
    expect(() => matrix(cell(300_000))).toThrow("is not a number"); // minutes where the pattern goes back at every digit
    expect(() => matrix(`a,b\n1,2\n1,${" ".repeat(300_000)}x\n`)).toThrow("is not a number"); // or at every blank
  });
  test.each<[string, string | Uint8Array, object, string]>([
    ["ragged", "a,b\n1,2\n3\n", {}, "csv: line 3 has 1 cells, the first row has 2"],
    ["ragged after blank lines", "1,2\r\n\r\n\r\n3,4,5\r\n", {}, "csv: line 4 has 3 cells, the first row has 2"],
    ["text after all kinds of lines", "a,b\n1,2\r\n\r\n# c\r3,x\n", {}, 'csv: line 5, column "b": "x" is not a number'],
    ["text", "a,b\n1,2\n3,x\n", {}, 'csv: line 3, column "b": "x" is not a number'],
    ["text without header", "1,2\n3,x\n", {}, 'csv: line 2, column 2: "x" is not a number'],
    [
      "text after a cell of two lines",
      '1,2,"a\nb"\n3,x,c\n',
      { label: 2 },
      'csv: line 3, column 2: "x" is not a number',
    ],
    ["empty cell", "1,2\n3,\n", {}, 'csv: line 2, column 2: "" is not a number'],
    ["NaN", "1,2\n3,NaN\n", {}, '"NaN" is not a number'],
    ["hexadecimal", "1,2\n3,0x10\n", {}, '"0x10" is not a number'],
    ["long text", `1,2\n3,${"x".repeat(500)}\n`, {}, `"${"x".repeat(40)}…" is not a number`],
    ["no rows", "a,b\n", {}, "csv: file has no rows of data after its header"],
    ["nothing", "", {}, "csv: file has no rows of data"],
    ["open quote", 'a,b\n1,"2\n3,4\n', {}, "csv: line 2: quoted field unterminated"],
    ["unknown label", "a,b\n1,2\n", { label: "c" }, 'csv: no column "c", the file has a, b'],
    ["label index", "1,2\n", { label: 2 }, 'csv: no column "2", the file has 2 columns'],
    ["empty label", "a,b\n1,2\n3, \n", { label: "b" }, "csv: line 3: the label is empty"],
    ["not UTF-8", Uint8Array.of(0x31, 0xff, 0x0a), {}, "csv: file must be UTF-8 text"],
  ])("%s is refused", (_, text, options, message) => {
    expect(() => readCsv(text, options)).toThrow(message);
  });
  test("a file of many columns is told in short", () => {
    const names = Array.from({ length: 785 }, (_, i) => `pixel${i}`);
    expect(() => readCsv(`${names.join(",")}\n${names.map(() => 1).join(",")}\n`, { label: "digit" })).toThrow(
      /^csv: no column "digit", the file has pixel0, [^\n]{1,200} pixel19, … \(785 in all\)$/,
    );
  });
  test("labels of text: a first one that occurs again is no name", () => {
    expect(readCsvLabels("low\nlow\nhigh\n").labels).toHaveLength(3);
    expect(readCsvLabels("level\nlow\nhigh\nlow\n").labels).toHaveLength(3);
  });
  test("labels: which column?", () => {
    expect(() => readCsvLabels("a,b\n1,2\n")).toThrow("csv: which column holds the labels? the file has 2: a, b");
  });
});

test("encodeLabels: integers stay, other names are numbered in sorted order", () => {
  expect(encodeLabels(["10", "-1", "10"])).toEqual({ labels: Int32Array.of(10, -1, 10), classes: null });
  expect(encodeLabels(["b", "a", "1"])).toEqual({ labels: Int32Array.of(2, 1, 0), classes: ["1", "a", "b"] });
  expect(encodeLabels(["99999999999", "5"]).classes).toEqual(["5", "99999999999"]);
});

describe("writeCsv", () => {
  test("comes back exactly", () => {
    const x = new NdArray(Float64Array.of(0.1, 1 / 3, -1e-300, 5e300, 2, 3), [3, 2]);
    const text = writeCsv(x, { columns: ['say "x"', "y, z"], labels: [2, -1, 0] });
    expect(text.split("\n")[0]).toBe('"say ""x""","y, z",label');
    const { data, columns, labels } = readCsv(text, { label: "label" });
    expect(data.data).toEqual(x.data);
    expect(columns).toEqual(['say "x"', "y, z"]);
    expect(labels!.labels).toEqual(Int32Array.of(2, -1, 0));
    expect(readCsv(writeCsv(x.T)).data.shape).toEqual([2, 3]);
    expect(writeCsv([1, 2])).toBe("1\n2\n");
    const numbers = Float64Array.from({ length: 40_000 }, (_, i) => i); // more than one piece
    expect(readCsv(writeCsv(numbers)).data.data).toEqual(numbers);
    expect(writeCsv(new Float64Array(0), { columns: ["a"] })).toBe("a\n");
  });
  test("what it refuses", () => {
    expect(() => writeCsv([[1, 2]], { columns: ["a"] })).toThrow(
      "writeCsv: columns must name the 2 columns of x, got 1 names",
    );
    expect(() => writeCsv([[1, 2]], { labels: [1, 2] })).toThrow(
      "writeCsv: labels must be as many as the 1 rows of x, got 2",
    );
    expect(() => writeCsv([[[1]]])).toThrow("writeCsv: x must be a vector or a matrix, got shape [1, 1, 1]");
  });
});

test("a column's name with a line end is told on one line", () => {
  expect(() => readCsv('"a\nb",c\n1,2\n', { label: "z" })).toThrow('csv: no column "z", the file has a b, c');
});
