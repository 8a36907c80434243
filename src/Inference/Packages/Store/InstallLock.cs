namespace Meridian.Inference.Packages.Store;

/// <summary>
/// Ensures that at most one process installs a given model at a time. The operating system locks an open file, so the lock ends with its process, even if that
/// crashes. The file itself is never deleted: otherwise two processes could lock two different files of the same name.
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

    // EWOULDBLOCK is 11 on Linux and 35 on macOS. On Windows the errors are ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION.
    private static bool IsHeld(IOException e) =>
        e.HResult is 11 or 35 or unchecked((int)0x80070020) or unchecked((int)0x80070021);
}
