/** A table of files as CSV: the columns of a screening's table, as the service gives them for each file. */

/** Return the rows as CSV, in the order of the files. */
export function csv(rows) {
  const columns = Object.keys(rows.find(({ cells }) => cells).cells);
  const lines = [columns, ...rows.map(cellsOf).map((cells) => columns.map((column) => cells[column]))];
  return lines.map((line) => line.map(cell).join(",") + "\r\n").join("");
}

/** Return names, units and descriptions of the columns in the form of "CSV on the Web" (W3C). */
export function csvMetadata(url, contract) {
  const columns = Object.entries(contract.components.schemas.Row.properties).map(([name, property]) => {
    const { type: datatype } = property.anyOf?.[0] ?? property; // the other one is null
    const { description, unit } = property;
    return { name, titles: name, datatype, description, unit };
  });
  return { "@context": "http://www.w3.org/ns/csvw", url, tableSchema: { columns } };
}

/** Return the cells of a row; its place and name are those in this table. */
function cellsOf({ cells, file, index, error, state }) {
  const known = cells ?? { error: error ? `${error.code ?? error.type}: ${error.detail ?? error.message}` : state };
  return { ...known, index, material_id: file.name };
}

function cell(value) {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") return String(value);
  const text = /^[=+\-@\t\r']/.test(value) ? `'${value}` : value; // spreadsheets would run it as a formula
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
