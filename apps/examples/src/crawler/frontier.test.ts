import { expect, it } from "vitest";
import { Frontier, type Target } from "./frontier.ts";

const page = (url: string): Target => ({ url, kind: "page", depth: 0, from: null, redirects: 0, attempts: 0 });

function make(limits: { delay?: number; hostConcurrency?: number; urls?: number } = {}) {
  const clock = { time: 0 };
  const all = { delay: 100, hostConcurrency: 1, urls: 100, ...limits };
  const frontier = new Frontier(all, () => clock.time);
  const urls = (): (string | number | null)[] => {
    const taken: (string | number | null)[] = [];
    for (;;) {
      const next = frontier.take();
      taken.push(typeof next === "object" && next !== null ? next.url : next);
      if (typeof next !== "object" || next === null) return taken;
      frontier.release(next);
    }
  };
  return { clock, frontier, urls };
}

it("gives each URL once, host by host in turn, and each host at its pace", () => {
  const { clock, frontier, urls } = make();
  for (const url of ["http://a/1", "http://a/2", "http://b/1", "http://a/1"]) frontier.add(page(url));
  expect(frontier.size).toBe(3);
  expect(urls()).toEqual(["http://a/1", "http://b/1", 100]);
  clock.time = 60;
  expect(urls()).toEqual([40]);
  clock.time = 100;
  expect(urls()).toEqual(["http://a/2", null]);
  expect(frontier.size).toBe(0);
});

it("has no more requests under way to one host than may be", () => {
  const { frontier } = make({ delay: 0, hostConcurrency: 2 });
  for (const url of ["http://a/1", "http://a/2", "http://a/3"]) frontier.add(page(url));
  const first = frontier.take() as Target;
  expect([first.url, (frontier.take() as Target).url, frontier.take()]).toEqual(["http://a/1", "http://a/2", null]);
  frontier.release(first);
  expect((frontier.take() as Target).url).toBe("http://a/3");
});

it("slows down and pauses one host and no other", () => {
  const { clock, frontier, urls } = make();
  for (const url of ["http://a/1", "http://a/2", "http://b/1", "http://b/2"]) frontier.add(page(url));
  expect(urls()).toEqual(["http://a/1", "http://b/1", 100]);
  frontier.slowDown("http://a/1", 1000);
  // A lower delay than there is changes nothing.
  frontier.slowDown("http://b/1", 10);
  frontier.pause("http://b/1", 300);
  clock.time = 300;
  expect(urls()).toEqual(["http://b/2", 700]);
  clock.time = 1000;
  expect(urls()).toEqual(["http://a/2", null]);
});

it("gives a target again, before the others of its host", () => {
  const { clock, frontier, urls } = make();
  frontier.add(page("http://a/1"));
  frontier.add(page("http://a/2"));
  const first = frontier.take() as Target;
  frontier.again(first);
  frontier.release(first);
  clock.time = 100;
  expect(urls()).toEqual(["http://a/1", 100]);
});

it("remembers no more URLs than may be", () => {
  const { frontier } = make({ urls: 2 });
  expect(["http://a/1", "http://a/1", "http://a/2", "http://a/3"].map((url) => frontier.add(page(url)))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
