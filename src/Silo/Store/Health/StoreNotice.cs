using System.Text;

namespace Meridian.Silo.Store.Health;

/// <summary>
/// What is wrong with the store now, for the region's other processes on this machine: a file of one block, written in place. A full disk takes that, since the block is there already.
/// </summary>
internal sealed class StoreNotice(string file)
{
    private const int Size = 4096;

    /// <param name="problem">Null where nothing is wrong.</param>
    public void Write(string? problem)
    {
        var block = new byte[Size];
        Array.Fill(block, (byte)' ');
        var text = Encoding.UTF8.GetBytes(problem ?? "");
        text.AsSpan(0, Math.Min(text.Length, Size)).CopyTo(block);
        try
        {
            using var target = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            target.Write(block);
        }
        catch (IOException)
        {
            // Only the other processes do not hear of it; they are told by the answers of the store.
        }
    }

    /// <summary>What was written last; null where nothing is wrong or nothing is known.</summary>
    public string? Read()
    {
        try
        {
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(source);
            return reader.ReadToEnd().Trim() is { Length: > 0 } problem ? problem : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
