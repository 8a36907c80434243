using System.Net;
using Meridian.Federation.Residency;
using Meridian.Gateway.Access;
using Microsoft.Extensions.Primitives;

namespace Meridian.Gateway.Tests.Residency;

public sealed class CallerAddressTests
{
    private static readonly Geofence Fence = GeofenceReader.Read(new GeofenceOptions { TrustedProxies = ["10.0.0.0/8", "::1"] }, new List<string>());

    [Theory]
    // Nobody is believed who is not a trusted proxy.
    [InlineData("192.0.2.1", "198.51.100.9", "192.0.2.1")]
    [InlineData("192.0.2.1", null, "192.0.2.1")]
    [InlineData(null, "198.51.100.9", null)]
    // A trusted one names the last address that is not its own kind's; what is before it anybody can have written.
    [InlineData("10.0.0.1", "198.51.100.9", "198.51.100.9")]
    [InlineData("::ffff:10.0.0.1", "203.0.113.7, 198.51.100.9, 10.2.2.2", "198.51.100.9")]
    [InlineData("::1", "2001:db8::5", "2001:db8::5")]
    [InlineData("10.0.0.1", "198.51.100.9:4711", "198.51.100.9")]
    [InlineData("10.0.0.1", "[2001:db8::5]:4711", "2001:db8::5")]
    [InlineData("10.0.0.1", "[2001:db8::5]", "2001:db8::5")]
    [InlineData("10.0.0.1", "10.3.3.3,10.2.2.2", "10.3.3.3")]
    [InlineData("10.0.0.1", null, "10.0.0.1")]
    // What cannot be read is nobody known, whatever stands before it.
    [InlineData("10.0.0.1", "198.51.100.9, unknown", null)]
    [InlineData("10.0.0.1", "198.51.100.9,", null)]
    [InlineData("10.0.0.1", "[2001:db8::5", null)]
    [InlineData("10.0.0.1", "3221225985", null)]
    public void The_caller_is_who_no_trusted_proxy_can_have_been_told_by(string? socket, string? forwarded, string? caller) =>
        Assert.Equal(caller, CallerAddress.Of(socket is null ? null : IPAddress.Parse(socket), forwarded is null ? StringValues.Empty : forwarded, Fence)?.ToString());

    [Fact]
    public void Several_headers_are_one_list() =>
        Assert.Equal("198.51.100.9", CallerAddress.Of(IPAddress.Parse("10.0.0.1"), new StringValues(["203.0.113.7", "198.51.100.9", "10.1.1.1"]), Fence)!.ToString());
}
