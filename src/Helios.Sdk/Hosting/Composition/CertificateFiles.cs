using System.Collections.Immutable;
using Helios.Sdk.Adaptation.Certification;
using Helios.Sdk.Hosting.Configuration;
using Helios.Sdk.Hosting.Strategies;

namespace Helios.Sdk.Hosting.Composition;

/// <summary>The certificates that the options name.</summary>
internal static class CertificateFiles
{
    /// <summary>Reads certificates.</summary>
    /// <param name="files">Their files.</param>
    /// <param name="precision">How the engine holds its weights.</param>
    /// <param name="models">The models of its pool.</param>
    /// <exception cref="CheckpointException">A file is no certificate.</exception>
    /// <exception cref="ArgumentException">A certificate is of no model of the pool, or of weights that are held otherwise.</exception>
    public static Certificates Load(IEnumerable<string> files, Precision precision, IReadOnlyCollection<CheckpointInfo> models)
    {
        var known = ImmutableArray.CreateBuilder<RiskCertificate>();
        foreach (var (index, file) in files.Index())
        {
            var certificate = new OptionSource(OptionTables.Certificates, index).Read(() => CertificateFile.Load(file));
            if (models.All(model => model.Fingerprint != certificate.Checkpoint))
                throw WrongOption.Error($"Adaptation.Certificates: {file} is of checkpoint {certificate.Checkpoint} ('{certificate.Model}'); the pool has {string.Join(", ", models.Select(model => $"{model.Fingerprint} ('{model.Name}')"))}.");
            if (certificate.Precision != precision)
                throw WrongOption.Error($"Adaptation.Certificates: {file} is of weights held as {certificate.Precision}; the engine holds them as {precision}.");
            known.Add(certificate);
        }

        return new Certificates(known.ToImmutable(), precision);
    }
}
