using FsCheck;
using FsCheck.Fluent;
using Helios.Sdk.Backends;
using Helios.Sdk.Energy;
using Helios.Sdk.Serving;

namespace Helios.Sdk.Tests.Energy;

public class EnergyGaugeTests
{
    private readonly ManualClock clock = new();
    private readonly FakeMeter meter = new();
    private readonly ServingState serving = new();

    [Fact]
    public void Joules_count_from_the_start_and_watts_are_those_while_computing()
    {
        meter.Reading = EnergyReading.Of(1000);
        using var gauge = new EnergyGauge(meter, serving, clock);
        gauge.Watts.Should().BeNull();

        // Idle at 20 W, computing at 60 W, in turns of different shares.
        double[] shares = [0, 0.5, 1, 0.25, 0.75];
        foreach (var share in shares) Pass(share, 20 + 40 * share);
        gauge.Sample().Joules.Should().BeApproximately(shares.Sum(share => 20 + 40 * share), 1e-9);

        gauge.Watts.Should().BeApproximately(60, 1e-6);
        gauge.MeasureWatts().Should().BeApproximately(60, 1e-6);

        void Pass(double share, double watts)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            serving.Computed(share);
            meter.Reading = EnergyReading.Of(meter.Reading.Joules!.Value + watts);
            gauge.Sample();
        }
    }

    [Fact]
    public void A_reading_that_failed_leaves_a_gap_and_says_why()
    {
        meter.Reading = EnergyReading.Of(0);
        using var gauge = new EnergyGauge(meter, serving, clock);

        clock.Advance(TimeSpan.FromSeconds(1));
        serving.Computed(1);
        meter.Reading = EnergyReading.Unavailable("gone");
        gauge.Sample().Should().Be(EnergyReading.Unavailable("gone"));

        clock.Advance(TimeSpan.FromSeconds(1));
        serving.Computed(1);
        meter.Reading = EnergyReading.Of(500);
        gauge.Sample().Joules.Should().Be(500);
        gauge.Watts.Should().BeNull("the gap is of unknown length to the meter");

        clock.Advance(TimeSpan.FromSeconds(1));
        serving.Computed(1);
        meter.Reading = EnergyReading.Of(550);
        gauge.Sample();
        gauge.Watts.Should().BeApproximately(50, 1e-9);
    }

    [Fact]
    public void A_meter_that_cannot_be_read_at_first_says_why()
    {
        meter.Reading = EnergyReading.Unavailable("no driver");
        using var gauge = new EnergyGauge(meter, serving, clock);

        gauge.UnavailableBecause.Should().Be("no driver");
        gauge.Sample().Joules.Should().BeNull();
        gauge.Watts.Should().BeNull();
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_number_is_no_reading(double joules)
    {
        meter.Reading = EnergyReading.Of(0);
        using var gauge = new EnergyGauge(meter, serving, clock);
        Pass(joules).UnavailableBecause.Should().Contain("fake says");
        Pass(100);

        Pass(150).Joules.Should().Be(150);
        gauge.Watts.Should().BeApproximately(50, 1e-9);

        EnergyReading Pass(double counted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            serving.Computed(1);
            meter.Reading = EnergyReading.Of(counted);
            return gauge.Sample();
        }
    }

    [Fact]
    public void A_meter_of_the_hosts_own_that_throws_says_why_and_ends_nothing()
    {
        meter.Error = new InvalidOperationException("the bus is gone");
        using var gauge = new EnergyGauge(meter, serving, clock);

        gauge.UnavailableBecause.Should().Contain("the bus is gone");
        gauge.Sample().UnavailableBecause.Should().Contain("the bus is gone");
    }

    [Fact]
    public void A_counter_that_falls_began_anew_and_takes_nothing_back()
    {
        meter.Reading = EnergyReading.Of(1000);
        using var gauge = new EnergyGauge(meter, serving, clock);
        foreach (var counted in (double[])[1060, 10, 70])
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            serving.Computed(1);
            meter.Reading = EnergyReading.Of(counted);
            gauge.Sample();
        }

        gauge.Sample().Joules.Should().BeApproximately(120, 1e-9);
        gauge.Watts.Should().BeApproximately(60, 1e-9);
    }

    [Fact]
    public void Equal_shares_give_the_mean_power()
    {
        var power = new PowerEstimate();
        power.Watts.Should().BeNull();
        power.Add(20, 1, 0);
        power.Watts.Should().BeNull("nothing was computed");

        power = new PowerEstimate();
        for (var i = 0; i < 100; i++) power.Add(i % 2 == 0 ? 29 : 31, 1, 0.9);
        power.Watts.Should().BeApproximately(30, 0.01);
    }

    [Fact]
    public void An_estimate_is_marked_as_one()
    {
        var estimate = new EstimatedEnergyMeter(65, clock);
        clock.Advance(TimeSpan.FromSeconds(2));

        estimate.Read().Joules.Should().BeApproximately(130, 1e-9);
        estimate.IsEstimate.Should().BeTrue();
        estimate.Source.Should().Contain("estimate").And.Contain("65 W");
        var none = () => new EstimatedEnergyMeter(0);
        none.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void A_device_gets_the_meter_of_its_kind()
    {
        EnergyMeters.For(Device("cpu")).Should().BeOfType<RaplEnergyMeter>();
        EnergyMeters.For(Device("cuda:0")).Should().BeOfType<NvmlEnergyMeter>();
        EnergyMeters.For(Device("tpu")).Read().UnavailableBecause.Should().Contain("'tpu'");

        static DeviceInfo Device(string name) => new(name, "", 1);
    }

    /// <summary>A driver may say anything: what is made of it stays finite, never falls, and is no more than a machine draws.</summary>
    [Fact]
    public void Whatever_a_driver_says_the_figures_stay_plausible() =>
        Prop.ForAll<(ulong?[] Energies, uint?[] Powers, byte[] Pauses)>(said => MustBePlausible(said.Energies, said.Powers, said.Pauses)).QuickCheckThrowOnFailure();

    private static void MustBePlausible(ulong?[] energies, uint?[] powers, byte[] pauses)
    {
        var (clock, serving) = (new ManualClock(), new ServingState());
        using var gauge = new EnergyGauge(new NvmlEnergyMeter(new HostileNvml(energies, powers), clock), serving, clock);
        var (total, seconds) = (0.0, 0.0);
        foreach (var pause in pauses)
        {
            clock.Advance(TimeSpan.FromMilliseconds(pause));
            serving.Computed(pause / 2000.0);
            seconds += Math.Max(1, pause / 1000.0);
            if (gauge.Sample().Joules is not { } joules) continue;
            joules.Should().BeInRange(total, 100_000 * seconds);
            total = joules;
        }

        if (gauge.Watts is { } watts) watts.Should().BeInRange(0, 100_000 * 1000);
    }

    /// <summary>Goes through lists of what to say, null for an error, again and again.</summary>
    private sealed class HostileNvml(ulong?[] energies, uint?[] powers) : INvml
    {
        private int energy;
        private int power;

        public bool TryReadEnergy(out ulong millijoules) => Next(energies, ref energy, out millijoules);

        public bool TryReadPower(out uint milliwatts, out string because)
        {
            because = "hostile";
            return Next(powers, ref power, out milliwatts);
        }

        private static bool Next<T>(T?[] values, ref int at, out T value)
            where T : struct
        {
            var next = values.Length > 0 ? values[at++ % values.Length] : null;
            value = next ?? default;
            return next is not null;
        }
    }
}
