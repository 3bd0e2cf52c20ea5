// The camera: reads a QR code into the form around it and sends that form. BarcodeDetector where the browser has one,
// else jsQR, fetched only then. data-scan-formats names what else is read, which BarcodeDetector alone can.
(() => {
  "use strict";
  const load = (src) => new Promise((resolve, reject) => {
    if (window.jsQR) return resolve();
    const script = document.createElement("script");
    script.src = src;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });

  async function reader(box) {
    if ("BarcodeDetector" in window) {
      const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
      const usable = (box.dataset.scanFormats || "qr_code").split(" ").filter((name) => formats.includes(name));
      if (usable.length) {
        const detector = new window.BarcodeDetector({ formats: usable });
        return async (video) => (await detector.detect(video))[0]?.rawValue;
      }
    }
    await load(box.dataset.jsqrSrc);
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d", { willReadFrequently: true });
    return async (video) => {
      const scale = Math.min(1, 640 / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const image = context.getImageData(0, 0, canvas.width, canvas.height);
      return window.jsQR(image.data, image.width, image.height)?.data;
    };
  }

  function stop(box) {
    const video = box.querySelector("video");
    video.srcObject?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    box.querySelector("[data-scan-view]").hidden = true;
    box.querySelector("[data-scan-start]").hidden = false;
  }

  async function start(box) {
    const video = box.querySelector("video");
    const status = (text) => (box.querySelector("[data-scan-status]").textContent = text);
    if (!navigator.mediaDevices?.getUserMedia) return status(box.dataset.absent);
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
    } catch (problem) {
      return status(["NotAllowedError", "SecurityError"].includes(problem.name) ? box.dataset.refused : box.dataset.absent);
    }
    video.srcObject = stream;
    box.querySelector("[data-scan-view]").hidden = false;
    box.querySelector("[data-scan-start]").hidden = true;
    box.querySelector("[data-scan-stop]").focus();
    status(box.dataset.looking);
    let read;
    try {
      [read] = await Promise.all([reader(box), video.play()]);
    } catch {
      stop(box);
      return status(box.dataset.absent);
    }
    while (video.srcObject === stream && box.isConnected) {
      const text = video.readyState >= 2 ? await read(video).catch(() => undefined) : undefined;
      if (text && video.srcObject === stream) {
        const form = box.closest("form");
        form.elements[box.dataset.scanTarget].value = text;
        status(box.dataset.found);
        stop(box);
        navigator.vibrate?.(60);
        form.requestSubmit();
        if (form.hasAttribute("hx-get")) setTimeout(() => (form.elements[box.dataset.scanTarget].value = ""), 400);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    stream.getTracks().forEach((track) => track.stop());
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-scan]");
    if (!box) return;
    if (event.target.closest("[data-scan-start]")) start(box);
    if (event.target.closest("[data-scan-stop]")) {
      stop(box);
      box.querySelector("[data-scan-status]").textContent = "";
      box.querySelector("[data-scan-start]").focus();
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) document.querySelectorAll("[data-scan]").forEach(stop);
  });
})();
