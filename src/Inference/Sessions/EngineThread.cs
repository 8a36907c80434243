using System.Runtime.InteropServices;

namespace Meridian.Inference.Sessions;

/// <summary>
/// Creates the threads of engines. Engines never use the thread pool. Their threads have less than normal priority, so that heartbeats and edges get the
/// processor first.
/// </summary>
/// <remarks>
/// .NET ignores <see cref="ThreadPriority"/> on Linux, so there the thread's nice value is set. Each thread has its own nice value (PRIO_PROCESS with id 0
/// means the calling thread). Threads that it starts inherit the value, including those of ONNX Runtime. Raising the value needs no privileges.
/// </remarks>
public static partial class EngineThread
{
    private const int PriorityOfProcess = 0;

    // With this value a thread gets about two thirds of the processor time of a competing thread of normal priority. With a higher value, the engines of all
    // regions on a machine stall while another region starts.
    private const int Niceness = 2;
    private const int Lowest = 19;

    /// <summary>Runs <paramref name="body"/> on a new thread. The task completes when the body ends. Continuations do not run on that thread.</summary>
    public static Task<T> RunAsync<T>(string name, Func<T> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                LowerPriority();
                done.SetResult(body());
            }
            catch (OperationCanceledException e)
            {
                done.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        {
            Name = name,
            IsBackground = true,
            Priority = OperatingSystem.IsLinux() ? ThreadPriority.Normal : ThreadPriority.BelowNormal,
        };
        thread.Start();
        return done.Task;
    }

    /// <value>Nice value of the calling thread, -20 to 19; 0 on systems without nice values.</value>
    public static int CurrentNiceness => OperatingSystem.IsLinux() ? GetPriority(PriorityOfProcess, 0) : 0;

    /// <value>Nice value that the process was started with; 0 on systems without nice values.</value>
    public static int ProcessNiceness => OperatingSystem.IsLinux() ? GetPriority(PriorityOfProcess, Environment.ProcessId) : 0;

    private static void LowerPriority()
    {
        // The value is relative to the nice value of the process's first thread, which may itself have been started with nice. It is not relative to the thread
        // that starts this one: that may be an engine's thread, and then each generation of threads would get a lower priority.
        // If the system refuses the call (seccomp), the thread works with normal priority.
        if (OperatingSystem.IsLinux())
            _ = SetPriority(PriorityOfProcess, 0, Math.Min(Lowest, ProcessNiceness + Niceness));
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetPriority(int which, int who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetPriority(int which, int who, int value);
}
