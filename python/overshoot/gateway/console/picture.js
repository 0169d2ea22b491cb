// Drawing a picture into a canvas that follows its shape.

export function paint(canvas, bitmap, width = bitmap?.width) {
  if (!bitmap) return;
  const height = Math.round((width * bitmap.height) / bitmap.width);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
}
