namespace Meridian.Inference.Packages.Store;

/// <summary>
/// At most one process installs a given model at a time. The lock is the operating system's on an open file, so it ends with its holder however that dies;
/// the file itself stays, because deleting it would let two processes lock two different files of one name.
/// </summary>
internal sealed class InstallLock : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);
    private readonly FileStream _file;

    private InstallLock(FileStream file) => _file = file;

    public static async Task<InstallLock> AcquireAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                return new InstallLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
            }
            catch (IOException e) when (IsHeld(e))
            {
                await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK is 11 on Linux and 35 on macOS; ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION are Windows' words for it.
    private static bool IsHeld(IOException e) =>
        e.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}
