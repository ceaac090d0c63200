"use strict";
// The public display. Written for the browsers that television sets come with: no syntax newer than 2016.
const page = document.querySelector("[data-display]");
const lost = document.querySelector("[data-lost]");
const button = document.querySelector("[data-sound]");
const data = page.dataset;
const LANGUAGE_MS = 8000, LOST_MS = 8000, RETRY_MS = 2000, LONGEST_MS = 25000, MOST_WAITING = 12;

// What is shown
const shown = {};
let source = null, watch = 0, calls = callsShown();

function callsShown() {
  return Array.from(document.querySelectorAll("[data-call]")).map(each => each.dataset.call);
}

function replace(name, html) {
  if (shown[name] === html) return;
  shown[name] = html;
  Array.from(document.querySelectorAll("[data-fragment=" + name + "]")).forEach(place => { place.innerHTML = html; });
  if (name === "board") greet();
  if (name === "clock") document.body.classList.toggle("hall--dark", document.querySelector("[data-theme=dark]") !== null);
}

// A number that was not there before comes in gently; one that was stays as it is.
function greet() {
  Array.from(document.querySelectorAll("[data-call]")).forEach(each => {
    if (calls.indexOf(each.dataset.call) < 0) each.classList.add("call--new");
  });
  calls = callsShown();
}

// The connection
function alive() {
  lost.hidden = true;
  page.classList.remove("hall__page--lost");
  clearTimeout(watch);
  watch = setTimeout(lose, LOST_MS);
}

function lose() {
  if (source) source.close();
  lost.hidden = false;
  page.classList.add("hall__page--lost");
  clearTimeout(watch);
  watch = setTimeout(connect, RETRY_MS);
}

function connect() {
  source = new EventSource(data.display);
  clearTimeout(watch);
  watch = setTimeout(lose, LOST_MS);
  source.onerror = lose;
  // Not loaded anew after every break: the permission to make sound would be gone. Only for another version of the page.
  source.addEventListener("build", event => { if (event.data !== data.build) location.reload(); });
  source.addEventListener("speech", event => hear(JSON.parse(event.data)));
  ["board", "clock", "signs"].forEach(name => {
    source.addEventListener(name, event => { replace(name, event.data); alive(); });
  });
}

// The voice: one announcement after the other, each with a chime before it. One player for all, because a touch permits it and no other.
const player = data.speech ? new Audio() : null;
let heard = JSON.parse(data.heard), line = [], speaking = false, permitted = true;

function hear(list) {
  if (!player) return;
  list.filter(each => heard.indexOf(each[0]) < 0).forEach(each => { if (permitted) line.push(each); });
  heard = list.map(each => each[0]);
  line = line.slice(-MOST_WAITING);
  speak();
}

function speak() {
  if (speaking || !line.length) return;
  speaking = true;
  const next = line.shift();
  play(data.chime, next[1], () => play(data.speech + next[0] + ".wav", next[1], rest));
}

function rest() {
  speaking = false;
  speak();
}

function play(address, volume, done) {
  let guard = 0, over = false;
  const finish = () => {
    if (over) return;
    over = true;
    clearTimeout(guard);
    player.onended = player.onerror = null;
    done();
  };
  // A sound that never ends, or never begins, does not silence the ones after it.
  guard = setTimeout(() => { player.pause(); finish(); }, LONGEST_MS);
  player.onended = player.onerror = finish;
  player.src = address;
  player.volume = volume / 100;
  const begun = player.play();
  if (begun) begun.catch(error => { if (error.name === "NotAllowedError") forbid(); finish(); });
}

// Where the browser lets no page make sound by itself, one touch (or the OK of a remote control) permits it.
function forbid() {
  permitted = false;
  line = [];
  offer(true);
  button.focus();
}

function offer(wanted) {
  button.hidden = !wanted;
  document.querySelector(".foot__priority").hidden = wanted;
  document.body.classList.toggle("hall--asks", wanted);
}

function allow() {
  permitted = true;
  offer(false);
  speaking = true;
  play(data.chime, 100, rest);
}

// A screen that sleeps is of no use. Where the browser cannot be asked, its own settings have to say so.
function stayAwake() {
  if (navigator.wakeLock && document.visibilityState === "visible") navigator.wakeLock.request("screen").catch(() => {});
}

if (player) {
  button.addEventListener("click", allow);
  speaking = true;
  play(data.chime, 0, rest); // unheard: it finds out whether the browser lets the page make sound
}
document.addEventListener("visibilitychange", stayAwake);
stayAwake();
connect();
addEventListener("pagehide", () => source.close());
addEventListener("pageshow", event => { if (event.persisted) connect(); });
// Where both languages do not fit side by side they take turns.
setInterval(() => document.body.classList.toggle("hall--english"), LANGUAGE_MS);
