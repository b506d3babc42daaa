// A Chromium that npm brings, for the scenarios of the console.
import chromium from '@sparticuz/chromium';
import { chromium as playwright } from 'playwright-core';

export async function launch() {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    headless: true,
    args: [
      ...chromium.args.filter((arg) => !arg.includes('single-process') && !arg.includes('disable-web-security')),
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...(process.env.FAKE_MIC ? ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'] : []),
    ],
  });
}
