// Search for a text as it is typed, in the pages of this language. It works from file:// and without
// word boundaries, which Chinese does not write.
"use strict";
(() => {
    const MOST = 30;
    const AROUND = 40;

    const bar = document.querySelector(".menu-bar .right-buttons");
    const field = document.createElement("input");
    field.type = "search";
    field.id = "book-search";
    const list = document.createElement("ul");
    list.id = "book-results";
    list.hidden = true;
    bar.prepend(field);
    document.querySelector(".menu-bar").after(list);

    const script = document.createElement("script");
    script.src = path_to_root + "search-index.js";
    script.onload = () => {
        field.placeholder = window.bookSearch.label;
        field.setAttribute("aria-label", window.bookSearch.label);
    };
    document.head.append(script);

    // A page whose title has the text comes first, then those that have it most often.
    function matches(text) {
        const found = [];
        for (const [title, address, content] of window.bookSearch.pages) {
            const lower = content.toLowerCase();
            const count = lower.split(text).length - 1;
            const inTitle = title.toLowerCase().includes(text);
            if (count > 0 || inTitle) {
                found.push({ title, address, content, at: lower.indexOf(text), rank: count + (inTitle ? 1000 : 0) });
            }
        }
        return found.sort((a, b) => b.rank - a.rank).slice(0, MOST);
    }

    function entry({ title, address, content, at }, length) {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = path_to_root + address;
        link.textContent = title;
        item.append(link);
        if (at >= 0) {
            const hit = document.createElement("mark");
            hit.textContent = content.slice(at, at + length);
            const excerpt = document.createElement("p");
            excerpt.append(content.slice(Math.max(0, at - AROUND), at), hit, content.slice(at + length, at + length + AROUND));
            item.append(excerpt);
        }
        return item;
    }

    function show() {
        const text = field.value.trim().toLowerCase();
        list.hidden = text === "" || !window.bookSearch;
        if (list.hidden) {
            return;
        }
        const found = matches(text);
        list.replaceChildren(...found.map((match) => entry(match, text.length)));
        if (found.length === 0) {
            list.textContent = window.bookSearch.nothing;
        }
    }

    field.addEventListener("input", show);
    // mdBook turns pages with the arrow keys.
    field.addEventListener("keydown", (event) => {
        event.stopPropagation();
        if (event.key === "Escape") {
            field.value = "";
            show();
        } else if (event.key === "Enter") {
            list.querySelector("a")?.click();
        }
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "/" && event.target.tagName !== "INPUT") {
            event.preventDefault();
            field.focus();
        }
    });
})();
