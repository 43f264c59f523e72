//! The quantile function of the standard normal distribution, by three rational functions.
//!
//! Wichura 1988, algorithm AS 241 (PPND16), doi 10.2307/2347330: relative error about 1e-16.

/// Half-width of the centre, where the variable is `0.180625 − q²`.
const CENTRE: f64 = 0.425;

/// `CENTRE²`.
const CENTRE_SQUARED: f64 = 0.180_625;

/// From here on, in `r = √(−ln p)`, the far tail.
const FAR: f64 = 5.0;

/// Offset of the near tail's variable.
const NEAR_OFFSET: f64 = 1.6;

/// Coefficients of numerators and denominators, constant first.
const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_6,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const NEAR_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_6,
    4.630_337_846_156_545,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const NEAR_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_ABOVE: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_BELOW: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

fn ratio(above: &[f64; 8], below: &[f64; 8], x: f64) -> f64 {
    let polynomial = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    polynomial(above) / polynomial(below)
}

/// Φ⁻¹(p); infinite at 0 and 1.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= CENTRE {
        return q * ratio(&CENTRE_ABOVE, &CENTRE_BELOW, CENTRE_SQUARED - q * q);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = (-tail.ln()).sqrt();
    let size = if r <= FAR {
        ratio(&NEAR_ABOVE, &NEAR_BELOW, r - NEAR_OFFSET)
    } else {
        ratio(&FAR_ABOVE, &FAR_BELOW, r - FAR)
    };
    size.copysign(q)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_scipy() {
        // scipy.stats.norm.ppf 1.17.1
        for (p, x) in [
            (0.5, 0.0),
            (0.3, -0.524_400_512_708_040_9),
            (0.95, 1.644_853_626_951_472_2),
            (0.025, -1.959_963_984_540_054_5),
            (1e-7, -5.199_337_582_192_816_5),
            (1e-14, -7.650_628_092_935_269_5),
        ] {
            let found = normal_quantile(p);
            assert!(
                (found - x).abs() <= 4e-15 * x.abs().max(1.0),
                "{p}: {found}"
            );
        }
        assert!(normal_quantile(0.0).is_infinite() && normal_quantile(0.0) < 0.0);
        assert!(normal_quantile(1.0).is_infinite() && normal_quantile(1.0) > 0.0);
    }
}
