using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Meridian.Inference.Packages;

namespace Meridian.ModelTools.Corpora;

/// <summary>
/// The file of one part of a corpus. All numbers are little-endian. The file holds <c>MRDC</c>, a version, the plan as JSON and the number of texts. Then follow
/// each text's length, temperature, tokens, top ids and top log probabilities. The SHA-256 of all these bytes ends the file.
/// </summary>
internal static class CorpusPart
{
    private const int Version = 1;

    private static ReadOnlySpan<byte> Magic => "MRDC"u8;

    public static string PathOf(string directory, int part) => Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"part-{part:00000}.corpus"));

    /// <summary>Writes it beside its place first: it appears whole.</summary>
    public static void Write(string path, CorpusPlan plan, IReadOnlyList<CorpusText> texts)
    {
        using var memory = new MemoryStream();
        using (var writer = new BinaryWriter(memory, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(Describe(plan));
            writer.Write(texts.Count);
            foreach (var text in texts)
            {
                writer.Write(text.Tokens.Length);
                writer.Write(text.Temperature);
                writer.Write(text.TopIds.Length);
                writer.Write(MemoryMarshal.AsBytes(text.Tokens.AsSpan()));
                writer.Write(MemoryMarshal.AsBytes(text.TopIds.AsSpan()));
                writer.Write(MemoryMarshal.AsBytes(text.TopLogProbabilities.AsSpan()));
            }
        }

        var half = path + ".half";
        using (var file = new FileStream(half, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            var bytes = memory.GetBuffer().AsSpan(0, (int)memory.Length);
            file.Write(bytes);
            file.Write(SHA256.HashData(bytes));
            file.Flush(flushToDisk: true);
        }

        File.Move(half, path, overwrite: true);
    }

    /// <exception cref="ModelPackageException">The file is damaged, or belongs to another plan.</exception>
    public static CorpusText[] Read(string path, CorpusPlan plan)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < 36 || !bytes.AsSpan(0, 4).SequenceEqual(Magic) || !SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32)).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - 32)))
            throw new ModelPackageException(path, $"'{path}' is damaged: its bytes are not those that were written. Delete it; it is written again.");
        using var reader = new BinaryReader(new MemoryStream(bytes, 4, bytes.Length - 36), Encoding.UTF8);
        var version = reader.ReadInt32();
        if (version != Version || reader.ReadString() is var description && description != Describe(plan))
            throw new ModelPackageException(path, $"'{path}' was written by another teacher or with other options. Name another --work folder, or delete this one.");
        var texts = new CorpusText[reader.ReadInt32()];
        for (var i = 0; i < texts.Length; i++)
        {
            var (length, temperature, top) = (reader.ReadInt32(), reader.ReadSingle(), reader.ReadInt32());
            var text = new CorpusText(new int[length], temperature, new int[top], new Half[top]);
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(text.Tokens.AsSpan()));
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(text.TopIds.AsSpan()));
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(text.TopLogProbabilities.AsSpan()));
            texts[i] = text;
        }

        return texts;
    }

    private static string Describe(CorpusPlan plan) => JsonSerializer.Serialize(plan);
}
