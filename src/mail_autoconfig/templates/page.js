if (navigator.clipboard) for (const button of document.querySelectorAll(".copy")) {
  const say = (label, done) => { button.title = label; button.ariaLabel = label; button.classList.toggle("done", done); };
  const usual = button.ariaLabel;
  button.hidden = false;
  button.onclick = () => navigator.clipboard.writeText(button.previousElementSibling.textContent).then(() => {
    say(button.dataset.done, true);
    setTimeout(say, 2000, usual, false);
  });
}
// An iPad says that it is a Mac, which has no touch screen.
const mac = document.querySelector("[name=device][value=mac]:checked"), ios = document.querySelector("[name=device][value=ios]");
if (mac && navigator.maxTouchPoints > 1) ios.checked = true;
