import { expect, test } from "vitest";
import { withStandIns } from "./copy";

test("a picture that a mail carries is stood in for, others stay", () => {
  const html =
    '<p>cid:text</p><img alt="a" src="cid:won@report" width="9"><img src="data:image/png;base64,AA">';
  const shown = withStandIns(html, "A & <B>");
  expect(shown).toContain("<p>cid:text</p>");
  expect(shown).toContain('<img src="data:image/png;base64,AA">');
  expect(shown).not.toContain("cid:won");
  const source = /alt="a" src="data:image\/svg\+xml;charset=utf-8,([^"]*)" width="9"/.exec(
    shown,
  )?.[1];
  expect(decodeURIComponent(source ?? "")).toContain(">A &amp; &lt;B&gt;</text>");
});
