// Visits each page in a frame of some width, and writes what it finds as JSON.
"use strict";
const SEARCHED = ["JoinableQueue", "守护进程"];

function visit(page, width) {
    return new Promise((resolve) => {
        const frame = document.createElement("iframe");
        frame.style.cssText = `width: ${width}px; height: 900px; border: 0`;
        frame.onload = () => {
            resolve(look(frame.contentWindow, page, width));
            frame.remove();
        };
        frame.src = SITE + page;
        document.body.append(frame);
    });
}

function look(view, page, width) {
    const root = view.document;
    const faults = [];
    for (const image of root.images) {
        if (!image.complete || image.naturalWidth === 0) {
            faults.push(`no picture ${image.src}`);
        }
    }
    for (const picture of root.querySelectorAll("figure.timeline")) {
        const box = picture.querySelector("svg, img")?.getBoundingClientRect();
        if (!box || box.width < 100 || box.height < 20) {
            faults.push("a timeline without a picture");
        }
    }
    const content = root.querySelector("main") ?? root.body;
    if (content.scrollWidth > width) {
        faults.push(`${content.scrollWidth} pixels wide`);
    }
    const heading = root.querySelector("h1").textContent;
    const field = root.getElementById("book-search");
    const found = !field ? [] : SEARCHED.map((text) => {
        field.value = text;
        field.dispatchEvent(new view.Event("input"));
        return [...root.querySelectorAll("#book-results a")].map((link) => link.getAttribute("href"));
    });
    return { page, width, heading, faults, found };
}

(async () => {
    const visits = [];
    for (const page of PAGES) {
        visits.push(await visit(page, WIDTH));
    }
    const result = document.createElement("pre");
    result.id = "result";
    result.textContent = JSON.stringify(visits);
    document.body.append(result);
})();
