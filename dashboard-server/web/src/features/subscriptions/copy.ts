/** A mail as it is shown here, where the pictures that it carries are not. */

const CARRIED = /(<img\b[^>]*?\bsrc=")cid:[^"]*"/g;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The mail with a sheet that says so in the place of each picture that it carries. */
export function withStandIns(html: string, said: string): string {
  const sheet =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 160">' +
    '<rect width="640" height="160" fill="#f3f4f6"/>' +
    '<text x="320" y="86" fill="#6b7280" font-family="sans-serif" font-size="18" ' +
    `text-anchor="middle">${escaped(said)}</text></svg>`;
  const source = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(sheet)}`;
  return html.replace(CARRIED, (_whole, before: string) => `${before}${source}"`);
}
