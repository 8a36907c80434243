using System.Net;
using Meridian.Federation.Residency;

namespace Meridian.Federation.Tests.Residency;

public sealed class NetworkNotationTests
{
    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:db8::/32", "2001:db8::/32")]
    [InlineData("::/0", "::/0")]
    [InlineData("::1", "::1/128")]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.0/24")]
    [InlineData("::ffff:0:0/96", "0.0.0.0/0")]
    public void A_network_is_read(string text, string canonical)
    {
        Assert.True(NetworkNotation.TryNetwork(text, out var prefix, out _));
        Assert.Equal(canonical, prefix.ToString());
    }

    [Theory]
    [InlineData("", "must be a network")]
    [InlineData("192.0.2", "must be a network")]
    [InlineData("3221225985", "must be a network")]
    [InlineData("0x7f.0.0.1/8", "must be a network")]
    [InlineData("010.0.0.0/8", "must be a network")]
    [InlineData("[::1]/128", "must be a network")]
    [InlineData("fe80::1%eth0/64", "must be a network")]
    [InlineData("example.org/8", "must be a network")]
    [InlineData("192.0.2.0/33", "from 0 to 32")]
    [InlineData("192.0.2.0/-1", "from 0 to 32")]
    [InlineData("192.0.2.0/", "from 0 to 32")]
    [InlineData("2001:db8::/129", "from 0 to 128")]
    [InlineData("192.0.2.1/24", "did you mean 192.0.2.0/24?")]
    [InlineData("2001:db8::1/32", "did you mean 2001:db8::/32?")]
    [InlineData("::ffff:192.0.2.1/64", "more than the IPv4-mapped")]
    public void What_is_no_network_is_told(string text, string told)
    {
        Assert.False(NetworkNotation.TryNetwork(text, out _, out var mistake));
        Assert.Contains(told, mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void IPv4_and_IPv6_are_two_spaces_and_mapped_addresses_are_IPv4()
    {
        Assert.True(NetworkNotation.TryNetwork("::/0", out var all6, out _));
        Assert.True(NetworkNotation.TryNetwork("0.0.0.0/0", out var all4, out _));

        Assert.False(Holds(all6, "192.0.2.1"));
        Assert.False(Holds(all6, "::ffff:192.0.2.1"));
        Assert.True(Holds(all4, "::ffff:192.0.2.1"));
        Assert.False(Holds(all4, "::192.0.2.1"));

        static bool Holds(IPNetwork network, string address) => new NetworkTable([(network, 1)]).Find(IPAddress.Parse(address)) == 1;
    }
}
