namespace Meridian.Inference.Sessions;

/// <summary>This build or this machine does not have the requested device. The message names the remedy.</summary>
public sealed class DeviceUnavailableException : Exception
{
    public DeviceUnavailableException(string device, string message) : base(message) => Device = device;

    public DeviceUnavailableException(string device, string message, Exception inner) : base(message, inner) => Device = device;

    /// <value>For example <c>cuda:0</c>.</value>
    public string Device { get; }
}
