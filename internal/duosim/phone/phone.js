// Keeps the page live. Without this script everything works by forms and
// reloading.
"use strict";

const link = document.getElementById("link");
const live = document.getElementById("live");
const toast = document.getElementById("toast");
let fetching = false, again = false;

// refresh fetches the sections and puts in what changed.
async function refresh() {
	if (fetching) { again = true; return; }
	fetching = true;
	try {
		const response = await fetch("/live" + location.search);
		if (!response.ok) throw new Error(response.status);
		const next = document.createElement("template");
		next.innerHTML = await response.text();
		patch(live, next.content);
		const n = live.querySelectorAll(".push").length;
		document.title = (n ? "(" + n + ") " : "") + "Phone · Duo simulator";
		tick();
	} catch {
		lost(true);
	}
	fetching = false;
	if (again) { again = false; refresh(); }
}

// key tells which element of one state of the page is which of the next.
const key = e => e.dataset.live ? "live-" + e.dataset.live : e.dataset.key || e.tagName;

// source is an element's HTML but for what moves by itself.
const source = e => e.outerHTML.replace(/(<progress[^>]*?) value="[^"]*"/g, "$1").replace(/>\d+ s</g, "><");

// remember notes the source of every part before anything is opened or moves.
function remember(e) {
	if (e.dataset.live || e === live) for (const child of e.children) remember(child);
	else e.source = source(e);
}

// patch makes the children of one element those of another, leaving alone what
// is the same, so that nobody's typing or open details are lost.
function patch(from, to) {
	const had = new Map();
	for (const e of from.children) had.set(key(e), e);
	let last = null;
	for (const wanted of [...to.children]) {
		const old = had.get(key(wanted));
		remember(wanted);
		let now = wanted;
		if (old && old.dataset.live) {
			patch(old, wanted);
			now = old;
		} else if (old && old.source === wanted.source) {
			now = old;
		} else if (old) {
			carry(old, wanted);
			old.remove();
		}
		const place = last ? last.nextElementSibling : from.firstElementChild;
		if (place !== now) from.insertBefore(now, place);
		last = now;
	}
	while (from.lastElementChild !== last) from.lastElementChild.remove();
}

// carry keeps open what was open and typed what was typed.
function carry(old, now) {
	if (old.open !== undefined && old.open) now.open = true;
	for (const d of old.querySelectorAll("details[open]")) {
		const same = now.querySelector('details[data-key="' + CSS.escape(d.dataset.key) + '"]');
		if (same) same.open = true;
	}
	for (const i of old.querySelectorAll("input:not([type=hidden])")) {
		const same = now.querySelector('input[name="' + CSS.escape(i.name) + '"]');
		if (!same) continue;
		same.value = i.value;
		if (i === document.activeElement) requestAnimationFrame(() => same.focus());
	}
}

// tick moves the clocks.
function tick() {
	for (const e of document.querySelectorAll("[data-until]")) {
		const left = Math.max(0, (e.dataset.until - Date.now()) / 1000);
		if (e.tagName === "PROGRESS") e.value = left; else e.textContent = Math.ceil(left) + " s";
	}
	for (const e of document.querySelectorAll("[data-period]")) {
		const period = Number(e.dataset.period);
		e.value = period - (Date.now() / 1000) % period;
	}
}

function lost(yes) {
	link.hidden = false;
	link.classList.toggle("lost", yes);
	link.textContent = yes ? "offline" : "live";
}

function say(text) {
	toast.textContent = text;
	toast.hidden = false;
	clearTimeout(say.timer);
	say.timer = setTimeout(() => { toast.hidden = true; }, 4000);
}

document.addEventListener("submit", async event => {
	const form = event.target;
	if (form.method !== "post") return;
	event.preventDefault();
	const data = new URLSearchParams(new FormData(form, event.submitter));
	try {
		const response = await fetch(form.action, { method: "POST", body: data });
		if (!response.ok) {
			const page = new DOMParser().parseFromString(await response.text(), "text/html");
			say(page.getElementById("reason")?.textContent || "That did not work.");
		}
	} catch {
		lost(true);
	}
	refresh();
});

const events = new EventSource("/events");
events.addEventListener("change", () => { lost(false); refresh(); });
events.onerror = () => lost(true);
remember(live);
tick();
setInterval(tick, 500);
