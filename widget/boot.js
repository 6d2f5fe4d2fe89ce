// What stands in the panel's page itself: starts the panel, makes its sound, and takes what is pasted or dropped. No module: it
// runs as soon as the page's HTML is there, so that a press at the first paint counts. The build writes the names of the files.

// Until the panel runs: a topic chosen early is remembered, and closing works.
const panel = document.getElementById('panel');
const close = () => parent.postMessage({ edgechat: 'close' }, '*');
panel.onclick = ({ target }) => {
  const topic = target.closest('.topic');
  if (topic) {
    window.earlyTopic = topic.dataset.topic;
    topic.setAttribute('aria-busy', true);
  } else if (target.closest('.close')) close();
};
panel.onkeydown = ({ key }) => {
  if (key === 'Escape') close();
};
// A soft blip of two tones. Of all tabs that hear the news only the one that claims it makes a sound; a tab that
// shows it, or that is muted, claims it at once and in silence.
window.blip = (news, silent) => setTimeout(() => {
  const claimed = (lock) => {
    if (!lock) return;
    if (!silent) {
      // Stays still until the visitor has pressed something, as browsers demand; nothing is made up for later.
      const sound = new AudioContext();
      [587, 880].forEach((frequency, nth) => {
        const at = sound.currentTime + nth * 0.12;
        const volume = new GainNode(sound, { gain: 0 });
        volume.gain.setValueAtTime(0.06, at);
        volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3);
        const tone = new OscillatorNode(sound, { frequency });
        tone.connect(volume).connect(sound.destination);
        tone.start(at);
        tone.stop(at + 0.3);
      });
      setTimeout(() => sound.close(), 1000);
    }
    // Long enough for a tab that hears late.
    return new Promise((done) => setTimeout(done, 10000));
  };
  // Without a secure page around the frame there are no locks.
  if (navigator.locks) navigator.locks.request(news, { ifAvailable: true }, claimed);
  else claimed(true);
}, silent ? 0 : 200);
// What is pasted or dropped goes the way of what is picked.
const bring = (event, { files }) => {
  const field = document.querySelector('.clip:not([hidden]) input');
  if (!files[0]) return;
  event.preventDefault();
  if (field) {
    field.files = files;
    field.dispatchEvent(new Event('change'));
  }
};
document.onpaste = (event) => {
  // What office programs copy is a picture too, but meant as text.
  if (!event.clipboardData.types.includes('text/plain')) bring(event, event.clipboardData);
};
document.ondragover = (event) => {
  // Else the frame would go to the file, away from the chat.
  if (event.dataTransfer.types.includes('Files')) event.preventDefault();
};
document.ondrop = (event) => bring(event, event.dataTransfer);
const run = async () => {
  const { default: start } = await import('{{PANEL_JS}}');
  await start({ module_or_path: '{{PANEL_WASM}}' });
  panel.onclick = panel.onkeydown = null;
};
run().catch((error) => {
  console.error(error);
  const broken = document.getElementById('broken');
  broken.hidden = false;
  broken.querySelector('button').onclick = () => location.reload();
});
