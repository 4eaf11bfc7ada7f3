// The page of `sdmp demo --html`, and one of a hostile recording, as a person and a browser see them.
//
// usage: node page.mjs CHROMIUM DIRECTORY PAGE [HOSTILE_PAGE]; screenshots go to DIRECTORY.
import assert from "node:assert/strict";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, directory, page, hostile] = process.argv.slice(2);
const WIDE = { width: 1360, height: 900 };

const browser = await chromium.launch({
  executablePath: program,
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});

/** Opens a file, lets `check` look at it, and fails on anything that the page fetched or complained of. */
async function open(file, options, check) {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: "reduce", ...options });
  const view = await context.newPage();
  const complaints = [];
  view.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith("file:") && !url.startsWith("data:")) complaints.push(`fetched ${url}`);
  });
  view.on("console", (message) => complaints.push(`log: ${message.text()}`));
  view.on("pageerror", (error) => complaints.push(`exception: ${error}`));
  view.on("dialog", async (dialog) => {
    complaints.push(`dialogue: ${dialog.message()}`);
    await dialog.dismiss();
  });
  await view.goto(pathToFileURL(file).href);
  await check(view);
  assert.deepEqual(complaints, []);
  await context.close();
}

const picture = async (view, name) => {
  const png = await view.screenshot({ path: path.join(directory, name) });
  assert.ok(png.length > 10_000, `${name} is not blank`);
};

/** The number of the panel that is shown. */
async function shown(view) {
  const numbers = view.locator(".panel:visible .number");
  return (await numbers.allTextContents()).join(" ");
}

async function walk(view) {
  const rows = await view.locator(".row").count();
  assert.ok(rows >= 8, `${rows} rows in the diagram`);
  assert.equal(await view.locator(".panel").count(), rows, "a panel for each row");
  assert.equal(await shown(view), "1", "the first panel is shown at the beginning");
  await picture(view, "light.png");

  await view.locator(".row").nth(2).locator(".hit").click();
  assert.equal(await shown(view), "3", "a click in the diagram shows that object");
  await picture(view, "m3.png");
  for (const [key, number] of [["ArrowDown", "4"], ["ArrowUp", "3"], ["Home", "1"], ["j", "2"]]) {
    await view.keyboard.press(key);
    assert.equal(await shown(view), number, `the key ${key}`);
  }
  await view.locator(".row").nth(4).focus();
  await view.keyboard.press("Enter");
  assert.equal(await shown(view), "5", "Enter on a row that has the focus");
  assert.ok(new URL(view.url()).hash.endsWith("-5"), "the address names the panel, so that it can be passed on");
}

async function eavesdrop(view) {
  const inside = view.locator(".panel.current .inside.sealed").first();
  await view.goto(view.url().replace(/#.*/, "") + "#s1-5");
  assert.ok(await inside.isVisible(), "what is inside is shown");
  await view.keyboard.press("e");
  assert.ok(!(await inside.isVisible()), "an eavesdropper does not see what is inside");
  await view.locator(".bar button").last().click();
  const text = await view.locator("body").innerText();
  for (const secret of ["Can you read this", "node A", "session id", "I send nothing more"]) {
    assert.ok(!text.includes(secret), `an eavesdropper reads ${secret}`);
  }
  await view.locator(".bar button").last().click();
  await picture(view, "eavesdropper.png");
}

async function narrow(view) {
  const [content, window] = await view.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, "on a narrow screen nothing has to be scrolled sideways");
  await picture(view, "narrow.png");
}

/** Everything is there, as a list, and the diagram's links lead to it. */
async function withoutScript(view) {
  const panels = view.locator(".panel");
  for (const panel of await panels.all()) assert.ok(await panel.isVisible(), "without script some panels are hidden");
  for (const row of await view.locator(".row").all()) {
    const target = await row.getAttribute("href");
    assert.equal(await view.locator(`[id="${target.slice(1)}"]`).count(), 1, "each row leads to its panel");
  }
  assert.equal(await view.locator(".bar").count(), 0, "no button without script");
  await picture(view, "no-script.png");
}

async function isHarmless(view) {
  assert.equal(await view.locator("script").count(), 1, "one script: the page's own");
  assert.equal(await view.locator("img, [onload]").count(), 0, "no image");
  assert.ok((await view.locator("body").innerText()).includes("onerror=alert(2)"), "shown as text");
  await picture(view, "hostile.png");
}

try {
  await open(page, {}, walk);
  await open(page, {}, eavesdrop);
  await open(page, { colorScheme: "dark" }, (view) => picture(view, "dark.png"));
  await open(page, { viewport: { width: 420, height: 860 } }, narrow);
  await open(page, { javaScriptEnabled: false }, withoutScript);
  if (hostile) await open(hostile, {}, isHarmless);
} finally {
  await browser.close();
}
