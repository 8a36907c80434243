using System.Text;

namespace Meridian.Silo.Store.Health;

/// <summary>
/// The store's current problem, for the region's other processes on this machine. The file has one block of 4096 bytes and is rewritten in place. This works on
/// a full disk because the block is already allocated.
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
            // The other processes do not see the problem in this file. They still learn of it from the store's answers.
        }
    }

    /// <summary>The problem that was written last; null if there is none or the file cannot be read.</summary>
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
