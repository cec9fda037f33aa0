import { describe, expect, test } from "vitest";
import { encodeLabels, readCsv, readCsvLabels, writeCsv } from "../../src/data/formats/csv";
import { NdArray } from "../../src/ndarray";

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
  test.each<[string, string | Uint8Array, object, string]>([
    ["ragged", "a,b\n1,2\n3\n", {}, "csv: line 3 has 1 cells, the first row has 2"],
    ["ragged after blank lines", "1,2\r\n\r\n\r\n3,4,5\r\n", {}, "csv: line 4 has 3 cells, the first row has 2"],
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
  });
  test("what it refuses", () => {
    expect(() => writeCsv([[1, 2]], { columns: ["a"] })).toThrow(
      "writeCsv: columns must name the 2 columns of x, given 1 names",
    );
    expect(() => writeCsv([[1, 2]], { labels: [1, 2] })).toThrow(
      "writeCsv: labels must be as many as the 1 rows of x, given 2",
    );
    expect(() => writeCsv([[[1]]])).toThrow("writeCsv: x must be a vector or a matrix, given shape [1, 1, 1]");
  });
});
