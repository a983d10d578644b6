using Helios.Sdk.Energy;

namespace Helios.Sdk.Tests.Energy;

public class NvmlEnergyMeterTests
{
    private readonly ManualClock clock = new();

    [Fact]
    public void The_counter_of_the_device_is_used_where_there_is_one()
    {
        var nvml = new FakeNvml { Millijoules = 5000, Milliwatts = 1 };
        var meter = new NvmlEnergyMeter(nvml, clock);

        meter.Read().Should().Be(EnergyReading.Of(5));
        nvml.Millijoules = 7500;
        meter.Read().Should().Be(EnergyReading.Of(7.5));
    }

    [Fact]
    public void Else_power_is_summed_up_over_time()
    {
        var nvml = new FakeNvml { Milliwatts = 100_000 };
        var meter = new NvmlEnergyMeter(nvml, clock);
        meter.Read().Joules.Should().Be(0);

        clock.Advance(TimeSpan.FromSeconds(2));
        nvml.Milliwatts = 300_000;
        meter.Read().Joules.Should().BeApproximately(400, 1e-9);
        clock.Advance(TimeSpan.FromSeconds(0.5));
        meter.Read().Joules.Should().BeApproximately(550, 1e-9);
    }

    [Fact]
    public void A_counter_that_fails_for_a_moment_is_not_continued_by_power()
    {
        var nvml = new FakeNvml { Millijoules = 5000, Milliwatts = 100_000 };
        var meter = new NvmlEnergyMeter(nvml, clock);
        meter.Read().Joules.Should().Be(5);

        nvml.Millijoules = null;
        meter.Read().Joules.Should().BeNull();
        nvml.Millijoules = 6000;
        meter.Read().Joules.Should().Be(6);
    }

    [Fact]
    public void Power_once_summed_up_is_not_continued_by_a_counter()
    {
        var nvml = new FakeNvml { Milliwatts = 100_000 };
        var meter = new NvmlEnergyMeter(nvml, clock);
        meter.Read();

        nvml.Millijoules = 5000;
        clock.Advance(TimeSpan.FromSeconds(1));
        meter.Read().Joules.Should().BeApproximately(100, 1e-9);
    }

    [Fact]
    public void A_device_that_tells_neither_is_unavailable()
    {
        new NvmlEnergyMeter(new FakeNvml(), clock).Read().Should().Be(EnergyReading.Unavailable("neither"));
    }

    [Fact]
    public void A_library_that_is_not_there_is_named()
    {
        Nvml.TryOpen("libno-such-nvml.so", 0, out var because).Should().BeNull();
        because.Should().Contain("libno-such-nvml.so could not be loaded");
    }

    [Fact]
    public void A_library_that_is_no_nvml_is_named()
    {
        var other = OperatingSystem.IsWindows() ? "kernel32.dll" : OperatingSystem.IsMacOS() ? "libSystem.dylib" : "libc.so.6";
        Nvml.TryOpen(other, 0, out var because).Should().BeNull();
        because.Should().Contain($"{other} is not NVML");
    }

    private sealed class FakeNvml : INvml
    {
        public ulong? Millijoules { get; set; }

        public uint? Milliwatts { get; set; }

        public bool TryReadEnergy(out ulong millijoules)
        {
            millijoules = Millijoules ?? 0;
            return Millijoules is not null;
        }

        public bool TryReadPower(out uint milliwatts, out string because)
        {
            milliwatts = Milliwatts ?? 0;
            because = Milliwatts is null ? "neither" : "";
            return Milliwatts is not null;
        }
    }
}
