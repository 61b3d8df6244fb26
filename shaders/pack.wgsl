// Reads a painted picture out of its texture: tight rows for the readback, and whether any pixel
// lets the background through, so that nobody scans the pixels again before encoding them.
//
// Deliberately absent: changing a pixel. The bytes are those of the texture.

struct Packed {
    // 0 when every pixel is opaque, else 1; cleared by the caller before each run.
    translucent: atomic<u32>,
    // One premultiplied RGBA pixel a word, red in the lowest byte, row by row without padding.
    pixels: array<u32>,
}

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var<storage, read_write> packed: Packed;

@compute @workgroup_size(16, 16)
fn rows(@builtin(global_invocation_id) at: vec3<u32>) {
    let size = textureDimensions(picture);
    if any(at.xy >= size) {
        return;
    }
    let pixel = textureLoad(picture, at.xy, 0);
    packed.pixels[at.y * size.x + at.x] = pack4x8unorm(pixel);
    // The load spares a transparent picture one contended store a pixel.
    if pixel.a < 1.0 && atomicLoad(&packed.translucent) == 0u {
        atomicStore(&packed.translucent, 1u);
    }
}
